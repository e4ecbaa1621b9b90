// Package filterlang compiles a part of libpcap's filter language (pcap-filter(7)) to the
// kernel's filter programs, for builds without libpcap. What it accepts means the same there:
//
//	tcp  udp  ip  ip6
//	[ip|ip6] [src|dst|src or dst|src and dst] host ADDRESS
//	[ip|ip6] [src|dst|src or dst|src and dst] net PREFIX
//	[tcp|udp] [src|dst|src or dst|src and dst] port NUMBER
//	[tcp|udp] [src|dst|src or dst|src and dst] portrange NUMBER-NUMBER
//
// joined by and, or, not and parentheses. And and or bind alike, from left to right; a value
// alone repeats the words before the last one (port 80 or 443). Nothing is looked up:
// addresses and ports are numbers. Unlike libpcap's, host and net are about IP only, not ARP.
//
// Not its job: the rest of the language, and filters where libpcap is at hand.
package filterlang
