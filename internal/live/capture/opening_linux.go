package capture

import (
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"tcptrace/internal/wire"
)

// SYNs that open connections have a ring of their own, where there are several: in a flood of them that no host answers, it is that one which has no
// room, and nothing is lost of the connections that are open. It is a matter of the filters, of which just one lets each frame through.

const (
	v4Header = 20
	v6Header = 40
	tcpFlags = 13
)

// filters returns those of both kinds of rings, which let through what the filter does of SYNs without ACK, and of all else. Of fragments, frames
// too short for the flags, and what is in tunnels, it is not asked what they are.
func (p *plan) filters() (openings, others []bpf.RawInstruction, err error) {
	lead := uint32(0) // octets in front of the network header
	if p.kind == wire.LinkEthernet {
		lead = 14
	}
	const end = 20 // where p.filter begins; the instruction before it refuses
	filter := func(syn, other int) ([]bpf.RawInstruction, error) {
		to := func(target, from int) uint8 { return uint8(target - from - 1) }
		head, err := bpf.Assemble([]bpf.Instruction{
			bpf.LoadExtension{Num: bpf.ExtLen},
			bpf.JumpIf{Cond: bpf.JumpLessThan, Val: lead + v4Header + tcpFlags + 1, SkipTrue: to(other, 1)},
			bpf.LoadExtension{Num: bpf.ExtProto},
			bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.ETH_P_IPV6, SkipTrue: to(12, 3)},
			bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.ETH_P_IP, SkipTrue: to(other, 4)},
			bpf.LoadAbsolute{Off: lead + 6, Size: 4}, // fragment, TTL, protocol
			bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0x3fff00ff},
			bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.IPPROTO_TCP, SkipTrue: to(other, 7)},
			bpf.LoadAbsolute{Off: lead, Size: 1},
			bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: 0x45, SkipTrue: to(other, 9)}, // no options
			bpf.LoadAbsolute{Off: lead + v4Header + tcpFlags, Size: 1},
			bpf.Jump{Skip: uint32(to(17, 11))},
			bpf.LoadExtension{Num: bpf.ExtLen},
			bpf.JumpIf{Cond: bpf.JumpLessThan, Val: lead + v6Header + tcpFlags + 1, SkipTrue: to(other, 13)},
			bpf.LoadAbsolute{Off: lead + 6, Size: 1}, // next header
			bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.IPPROTO_TCP, SkipTrue: to(other, 15)},
			bpf.LoadAbsolute{Off: lead + v6Header + tcpFlags, Size: 1},
			bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: uint32(wire.SYN | wire.ACK)},
			bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(wire.SYN), SkipTrue: to(syn, 18), SkipFalse: to(other, 18)},
			bpf.RetConstant{Val: 0},
		})
		return append(head, p.filter...), err
	}
	if openings, err = filter(end, end-1); err != nil {
		return nil, nil, err
	}
	others, err = filter(end-1, end)
	return openings, others, err
}
