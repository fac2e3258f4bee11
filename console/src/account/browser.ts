// A browser as people name it, from the text it sends of itself.

const BROWSERS: [RegExp, string][] = [
  [/Edg\/(\d+)/, "Edge"], [/Firefox\/(\d+)/, "Firefox"], [/Chrome\/(\d+)/, "Chrome"], [/Version\/(\d+).*Safari\//, "Safari"],
];
const SYSTEMS: [RegExp, string][] = [
  [/Windows/, "Windows"], [/Android/, "Android"], [/iPhone|iPad/, "iOS"], [/Mac OS X/, "macOS"], [/Linux|X11/, "Linux"],
];

/** `Firefox 140, Windows`; what is not known is shown as it is. */
export function browserName(agent: string): string {
  for (const [pattern, name] of BROWSERS) {
    const version = pattern.exec(agent)?.[1];
    const system = SYSTEMS.find(([mark]) => mark.test(agent))?.[1];
    if (version) return `${name} ${version}${system ? `, ${system}` : ""}`;
  }
  return agent;
}
