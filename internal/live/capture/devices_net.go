//go:build linux || !cgo

package capture

import (
	"net"
	"net/netip"
	"runtime"
)

// devices asks the system. On Linux libpcap knows more to capture from, but nothing with TCP, and to open
// its netfilter queue takes packets away from others.
func devices() ([]Device, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var list []Device
	for _, i := range interfaces {
		d := Device{Name: i.Name, Up: i.Flags&net.FlagUp != 0, Loopback: i.Flags&net.FlagLoopback != 0}
		addresses, err := i.Addrs()
		if err != nil {
			continue // it is gone since
		}
		for _, a := range addresses {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				d.Addresses = append(d.Addresses, p)
			}
		}
		list = append(list, d)
	}
	if runtime.GOOS == "linux" {
		list = append(list, Device{Name: AnyInterface, Description: "all interfaces", Up: true})
	}
	return list, nil
}
