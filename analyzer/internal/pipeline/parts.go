package pipeline

import (
	"slices"

	"tcptrace/analyzer/packet"
)

// parts keeps the latest frames that hold fragments of packets that are not whole yet.
type parts struct {
	kept  []Fragment // in the order of frames
	bytes int
}

// maxPartBytes bounds them, each counted with partSize more. It is what the reassembler keeps.
const (
	maxPartBytes = 4 << 20
	partSize     = 64
)

func (k *parts) keep(p *packet.Packet, data []byte, frame uint64) {
	n := 0
	for k.bytes+len(data) > maxPartBytes && n < len(k.kept) {
		k.bytes -= len(k.kept[n].Data) + partSize
		n++
	}
	k.kept = append(k.kept[n:], Fragment{*p, slices.Clone(data), frame})
	k.bytes += len(data) + partSize
}

// find appends those of frames that are kept.
func (k *parts) find(to []Fragment, frames []uint64) []Fragment {
	for _, frame := range frames {
		i, ok := slices.BinarySearchFunc(k.kept, frame, func(f Fragment, frame uint64) int { return int(int64(f.Frame - frame)) })
		if ok {
			to = append(to, k.kept[i])
		}
	}
	return to
}
