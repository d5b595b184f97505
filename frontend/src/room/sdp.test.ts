import { describe, expect, it } from "vitest";
import { takesSimulcast, withOpusNack } from "./sdp";

const lines = (...all: string[]): string => all.map((line) => `${line}\r\n`).join("");
const HEAD = ["v=0", "s=-"];
const AUDIO = ["m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9", "a=mid:0", "a=rtpmap:111 opus/48000/2", "a=rtcp-fb:111 transport-cc", "a=rtpmap:63 red/48000/2", "a=rtpmap:9 G722/8000"];
const VIDEO = ["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:1", "a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 nack"];

describe("asking again for lost sound", () => {
  it("is said for Opus, of every payload type, and for nothing else", () => {
    const said = withOpusNack(lines(...HEAD, ...AUDIO, "a=rtpmap:109 opus/48000/2", ...VIDEO));
    expect(said).toContain("a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 nack\r\na=rtcp-fb:111 transport-cc\r\n");
    expect(said).toContain("a=rtpmap:109 opus/48000/2\r\na=rtcp-fb:109 nack\r\n");
    expect(said.match(/rtcp-fb:\S+ nack/g)).toEqual(["rtcp-fb:111 nack", "rtcp-fb:109 nack", "rtcp-fb:96 nack"]);
  });

  it("is said once, whoever said it before", () => {
    const once = withOpusNack(lines(...HEAD, ...AUDIO));
    expect(withOpusNack(once)).toBe(once);
    const every = lines(...HEAD, ...AUDIO, "a=rtcp-fb:* nack");
    expect(withOpusNack(every)).toBe(every);
  });

  it("takes `nack pli` for something else", () => {
    expect(withOpusNack(lines(...AUDIO, "a=rtcp-fb:111 nack pli"))).toContain("a=rtcp-fb:111 nack\r\n");
  });

  it("leaves a description without sound as it is, and keeps the ends of lines", () => {
    const picture = lines(...HEAD, ...VIDEO);
    expect(withOpusNack(picture)).toBe(picture);
    expect(withOpusNack("m=audio 9 X 111\na=rtpmap:111 OPUS/48000/2")).toBe("m=audio 9 X 111\na=rtpmap:111 OPUS/48000/2\r\na=rtcp-fb:111 nack\r\n");
    expect(withOpusNack("")).toBe("");
  });
});

describe("an answer", () => {
  it("takes several encodings only where its own m-line says so", () => {
    const answer = lines(...HEAD, ...AUDIO, ...VIDEO, "a=rid:q recv", "a=rid:f recv", "a=simulcast:recv q;f", "m=video 9 X 96", "a=mid:12");
    expect(takesSimulcast(answer, "1")).toBe(true);
    expect(takesSimulcast(answer, "12")).toBe(false);
    expect(takesSimulcast(answer, "0")).toBe(false);
    expect(takesSimulcast(lines(...HEAD, ...VIDEO), "1")).toBe(false);
  });
});
