// The few words of session descriptions that we add or look for. Pure text in, text out; never a parser of everything.

const LINE = /\r\n|\n/;

/** Split a description into its head and its m-sections. */
function sections(sdp: string): string[] {
  return sdp.split(/(?=^m=)/m);
}

/**
 * Say that lost Opus packets may be asked for again. Browsers do it when both sides say so, but never offer it themselves;
 * of a packet that comes within the jitter buffer nobody hears that it was lost.
 */
export function withOpusNack(sdp: string): string {
  return sections(sdp)
    .map((section) => (section.startsWith("m=audio") ? withNack(section) : section))
    .join("");
}

function withNack(section: string): string {
  let text = section;
  for (const [, payload] of section.matchAll(/^a=rtpmap:(\d+) opus\//gim)) {
    if (new RegExp(`^a=rtcp-fb:(?:${payload}|\\*) nack\\r?$`, "m").test(text)) continue;
    text = text.replace(new RegExp(`^(a=rtpmap:${payload} [^\\r\\n]*)(\\r?\\n|$)`, "m"), (_, line: string, end: string) => {
      const close = end || "\r\n";
      return `${line}${close}a=rtcp-fb:${payload} nack${close}`;
    });
  }
  return text;
}

/** Say whether an answer takes several encodings of the m-line `mid`. */
export function takesSimulcast(answer: string, mid: string): boolean {
  return sections(answer).some((section) => {
    const lines = section.split(LINE);
    return lines.includes(`a=mid:${mid}`) && lines.some((line) => line.startsWith("a=simulcast:recv "));
  });
}
