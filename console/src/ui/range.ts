// Address ranges as people type them.

/** An address as the narrowest range that holds it; a range as it is. */
export function asRange(text: string): string {
  if (text.includes("/")) return text;
  return `${text}/${text.includes(":") ? 128 : 32}`;
}

/** Whether a text is a CIDR range of IPv4 or IPv6. */
export function isRange(text: string): boolean {
  const [address = "", prefix = "", more] = text.split("/");
  if (more !== undefined || !/^\d{1,3}$/.test(prefix)) return false;
  if (address.includes(":")) return isIpv6(address) && Number(prefix) <= 128;
  const parts = address.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255) && Number(prefix) <= 32;
}

function isIpv6(address: string): boolean {
  try {
    return new URL(`http://[${address}]/`).hostname.length > 2;
  } catch {
    return false;
  }
}
