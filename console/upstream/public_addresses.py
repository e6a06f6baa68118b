"""Which IP addresses belong to the public internet: links in a vendor's answer lead to no others."""

import ipaddress

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_DOCUMENTATION = (ipaddress.IPv6Network("3fff::/20"), ipaddress.IPv6Network("2001:db8::/32"))


def is_public(address: str) -> bool:
    """Whether an IP address is public; an IPv4 address inside an IPv6 one has to be public as well."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast and not ip.is_reserved
    mapped = ip.ipv4_mapped or (ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None)
    if mapped is not None:
        return is_public(str(mapped))
    # All other public IPv6 addresses are in 2000::/3, so site-local fec0::/10 is refused.
    is_unicast = ip in _GLOBAL_UNICAST and ip.is_global and not any(ip in network for network in _DOCUMENTATION)
    return is_unicast and (ip.sixtofour is None or is_public(str(ip.sixtofour)))
