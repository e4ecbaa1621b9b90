//go:build cgo && !linux

package capture

import (
	"net"
	"net/netip"

	"github.com/google/gopacket/pcap"
)

// libpcap's flags of an interface.
const (
	pcapLoopback = 1
	pcapUp       = 2
)

// devices asks libpcap, whose names need not be the system's.
func devices() ([]Device, error) {
	interfaces, err := pcap.FindAllDevs()
	if err != nil {
		return nil, err
	}
	var list []Device
	for _, i := range interfaces {
		d := Device{Name: i.Name, Description: i.Description, Up: i.Flags&pcapUp != 0, Loopback: i.Flags&pcapLoopback != 0}
		for _, a := range i.Addresses {
			n := net.IPNet{IP: a.IP, Mask: a.Netmask}
			if p, err := netip.ParsePrefix(n.String()); err == nil {
				d.Addresses = append(d.Addresses, p)
			}
		}
		list = append(list, d)
	}
	return list, nil
}
