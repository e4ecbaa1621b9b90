package kernel

import (
	"encoding/binary"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"tcptrace/analyzer/host"
	"tcptrace/fsm"
)

// Attributes of an answer (linux/inet_diag.h), and those that are asked for: a bit for each but the first.
const (
	attrInfo       = 2
	attrCongestion = 4
	attrMemory     = 7
	attrCgroup     = 21 // comes without being asked for, since Linux 5.9
	asked          = 1<<(attrInfo-1) | 1<<(attrCongestion-1) | 1<<(attrMemory-1)
	memoryDrops    = 8 // SK_MEMINFO_DROPS, of 4 bytes each
	noSSThresh     = 0x7fffffff
	noPacing       = 1<<64 - 1
)

// attributes reads what stands behind an answer about e. queue and backlog are its idiag_rqueue and idiag_wqueue.
func attributes(e *Endpoint, b []byte, queue, backlog uint32) {
	if e.State == fsm.Listen {
		e.Listening = &Listening{Queue: queue, Backlog: backlog}
	}
	for len(b) >= unix.SizeofNlAttr {
		n, kind := int(binary.NativeEndian.Uint16(b)), binary.NativeEndian.Uint16(b[2:])
		if n < unix.SizeofNlAttr || n > len(b) {
			return
		}
		value := b[unix.SizeofNlAttr:n]
		switch {
		case kind == attrInfo && e.State != fsm.Listen:
			congestion := ""
			if e.Info != nil {
				congestion = e.Info.Congestion
			}
			e.Info = newInfo(value)
			e.Info.Congestion = congestion
		case kind == attrCongestion && e.State != fsm.Listen:
			if e.Info == nil {
				e.Info = &host.Info{}
			}
			e.Info.Congestion = unix.ByteSliceToString(value)
		case kind == attrCgroup && len(value) >= 8:
			e.Process.Cgroup = binary.NativeEndian.Uint64(value)
		case kind == attrMemory && e.Listening != nil && len(value) >= 4*memoryDrops+4:
			e.Listening.Drops = binary.NativeEndian.Uint32(value[4*memoryDrops:])
		}
		b = b[min((n+unix.NLA_ALIGNTO-1)&^(unix.NLA_ALIGNTO-1), len(b)):]
	}
}

// newInfo reads struct tcp_info, of which older kernels have only the beginning.
func newInfo(b []byte) *host.Info {
	var raw unix.TCPInfo
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&raw)), unsafe.Sizeof(raw)), b)
	us := func(n uint32) time.Duration { return time.Duration(n) * time.Microsecond }
	i := &host.Info{
		RTT: us(raw.Rtt), RTTVar: us(raw.Rttvar), MinRTT: us(raw.Min_rtt), CWND: raw.Snd_cwnd, SSThresh: raw.Snd_ssthresh,
		Retransmitted: raw.Total_retrans, Delivery: raw.Delivery_rate, Pacing: raw.Pacing_rate,
	}
	if i.MinRTT == us(1<<32-1) { // no sample
		i.MinRTT = 0
	}
	if i.SSThresh >= noSSThresh {
		i.SSThresh = 0
	}
	if i.Pacing == noPacing {
		i.Pacing = 0
	}
	return i
}
