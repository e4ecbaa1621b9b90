package kernel

import (
	"strconv"
	"strings"

	"github.com/prometheus/procfs"

	"tcptrace/analyzer/host"
)

// own finds the processes that have the sockets of list, by their inodes, among those of /proc that may be looked at.
func own(list []Endpoint) {
	owners := owners()
	for i := range list {
		e := &list[i]
		if p, ok := owners[e.inode]; ok && e.inode != 0 {
			p.User = e.Process.User
			e.Process = p
		}
	}
}

// owners are the processes by the inodes of their sockets. Of several that share one, the oldest has it.
func owners() map[uint32]host.Process {
	found := map[uint32]host.Process{}
	all, err := procfs.AllProcs()
	if err != nil {
		return found // without /proc nothing is known
	}
	for _, p := range all {
		targets, err := p.FileDescriptorTargets()
		if err != nil {
			continue // ended, or somebody else's
		}
		command, err := p.Comm()
		if err != nil {
			continue
		}
		for _, target := range targets {
			text, ok := strings.CutPrefix(target, "socket:[")
			if !ok {
				continue
			}
			inode, err := strconv.ParseUint(strings.TrimSuffix(text, "]"), 10, 32)
			if err != nil {
				continue
			}
			if old, ok := found[uint32(inode)]; !ok || uint32(p.PID) < old.PID {
				found[uint32(inode)] = host.Process{PID: uint32(p.PID), Name: command}
			}
		}
	}
	return found
}
