// Owns everything that can fail: devices, screen, socket, media paths, the light of the screen. It is told what to do and reports back as inputs.
import { ScreenLight, watchWaking } from "./awake";
import type { Command } from "./commands";
import { IceServerSource } from "./ice";
import { LocalDevices } from "./media";
import { PublishPath } from "./publish";
import type { Effect } from "./reactions";
import { rememberDevices, storage } from "./remembered";
import { SeatKeeper } from "./seat";
import { ScreenShare } from "./share";
import { Sinks } from "./sinks";
import { Refused, RoomSocket } from "./socket";
import { viewOf } from "./stage";
import { sends, type Device, type Input, type State } from "./state";
import { SubscribePath } from "./subscribe";
import { ViewTeller } from "./teller";

export interface World {
  readonly dispatch: (input: Input) => void;
  readonly state: () => State;
  readonly redraw: () => void;
}

export class Effects {
  readonly sinks: Sinks;
  readonly devices: LocalDevices;
  readonly publish: PublishPath;
  readonly subscribe: SubscribePath;
  readonly #socket: RoomSocket;
  readonly #share: ScreenShare;
  readonly #teller: ViewTeller;
  readonly #light = new ScreenLight();
  #snapshotAsked = false;

  constructor(
    private readonly world: World,
    home: HTMLElement,
  ) {
    const { config } = world.state();
    const seat = new SeatKeeper(storage("sessionStorage"), `room-seat-${config.sessionId}-${config.you.id}`);
    this.#socket = new RoomSocket({
      url: config.wsUrl,
      seat,
      wants: () => {
        const { microphone, camera } = sends(world.state());
        return { microphone, camera };
      },
      events: {
        message: (message) => world.dispatch({ type: "server", message }),
        link: (link) => world.dispatch({ type: "link", link }),
      },
    });
    this.sinks = new Sinks(home, (blocked) => world.dispatch({ type: "sound", blocked }), world.redraw);
    const request = this.#socket.request.bind(this.#socket);
    const ice = new IceServerSource(request);
    const shared = {
      request,
      iceServers: () => ice.get(),
      isOnline: () => world.state().link === "up",
      nextGeneration: () => seat.nextGeneration(),
      relayAway: (away: boolean) => {
        if (world.state().relayAway !== away) world.dispatch({ type: "relay", away });
      },
    };
    this.publish = new PublishPath({
      ...shared,
      report: (status) => world.dispatch({ type: "path", path: "publish", status }),
    });
    this.subscribe = new SubscribePath(
      { ...shared, report: (status) => world.dispatch({ type: "path", path: "subscribe", status }) },
      (mid, track) => this.sinks.arrived(mid, track),
    );
    this.devices = new LocalDevices({
      device: (device, change) => world.dispatch({ type: "device", device, change }),
      choices: (choices) => world.dispatch({ type: "choices", choices }),
      level: (level) => world.dispatch({ type: "level", level }),
      track: (device, track) => {
        void this.publish.send(device, track);
        world.redraw();
      },
    });
    this.#share = new ScreenShare({
      status: (status) => world.dispatch({ type: "screen", status }),
      track: (track) => void this.publish.send("screen", track),
    });
    this.#teller = new ViewTeller(() => viewOf(world.state()), request);
    watchWaking({
      woke: () => this.#look(true),
      shown: () => this.#look(false),
      hidden: (hidden) => world.dispatch({ type: "hidden", hidden }),
    });
  }

  /** Do one thing. */
  perform(effect: Effect): void {
    switch (effect.do) {
      case "open_devices":
        void this.#openDevices();
        return;
      case "turn_on":
        void this.#turnOn(effect.device);
        return;
      case "switch":
        rememberDevices(this.world.state());
        void this.devices.turnOn(effect.device, this.world.state().media[effect.device].deviceId);
        return;
      case "turn_off":
        if (effect.device === "microphone") this.devices.mute();
        else this.devices.drop("camera");
        return;
      case "drop":
        rememberDevices(this.world.state());
        this.devices.drop(effect.device);
        return;
      case "dial":
        this.#socket.start(effect.takeOver);
        return;
      case "leave":
        void this.#socket.leave();
        return;
      case "snapshot":
        void this.#snapshot();
        return;
      case "media_set":
        void this.#tellMedia();
        return;
      case "start_paths":
      case "rebuild_paths":
        this.publish.restart();
        this.subscribe.restart();
        return;
      case "retry_paths":
        this.#retry();
        return;
      case "stop_paths":
        this.publish.close();
        this.subscribe.close();
        this.sinks.clear();
        return;
      case "command":
        void this.#command(effect.command);
        return;
      case "unblock":
        void this.sinks.unblock();
        return;
      case "awake":
        this.#light.want(effect.on);
        return;
      case "share":
        void this.#share.start();
        return;
      case "unshare":
        this.#share.stop();
        return;
      case "view":
        this.#teller.changed();
        return;
      case "view_anew":
        this.#teller.forget();
        return;
    }
  }

  #retry(): void {
    const { paths } = this.world.state();
    if (paths.publish !== "connected") this.publish.resume();
    if (paths.subscribe !== "connected") this.subscribe.resume();
  }

  /** See at once whether the socket and both paths are still there. */
  #look(isSuspect: boolean): void {
    if (isSuspect) this.#socket.probe();
    void this.publish.look(isSuspect);
    void this.subscribe.look(isSuspect);
  }

  async #openDevices(): Promise<void> {
    const { microphone, camera } = this.world.state().media;
    if (microphone.want && camera.want) {
      await this.devices.openBoth({ microphone: microphone.deviceId, camera: camera.deviceId });
      return;
    }
    if (microphone.want) await this.devices.turnOn("microphone", microphone.deviceId);
    if (camera.want) await this.devices.turnOn("camera", camera.deviceId);
  }

  async #turnOn(device: Device): Promise<void> {
    const { deviceId } = this.world.state().media[device];
    if (device === "microphone") await this.devices.unmute(deviceId);
    else await this.devices.turnOn("camera", deviceId);
  }

  /** Say what is sent. A screen that may not be shown is not shared either; everything else is said again after a reconnect. */
  async #tellMedia(): Promise<void> {
    const state = this.world.state();
    const media = sends(state);
    await this.#socket.request({ type: "media.set", ...media, seen: state.room?.seq ?? 0 }).catch((error: unknown) => {
      if (!media.screen || !(error instanceof Refused) || (error.error !== "denied" && error.error !== "conflict")) return;
      this.#share.stop();
      this.world.dispatch({ type: "screen", status: "failed" });
    });
  }

  async #snapshot(): Promise<void> {
    if (this.#snapshotAsked) return;
    this.#snapshotAsked = true;
    // The answer reaches the state as a message; a failure is tried again with the next tick.
    await this.#socket.request({ type: "snapshot.get" }).catch(() => undefined);
    this.#snapshotAsked = false;
  }

  async #command(command: Command): Promise<void> {
    try {
      await this.#socket.request(command);
      this.world.dispatch({ type: "settled", command, refusal: null });
    } catch (error) {
      // Ending the session ends the socket too; that is success.
      const refusal = error instanceof Refused && error.error !== "ended" ? error.message : null;
      this.world.dispatch({ type: "settled", command, refusal });
    }
  }
}
