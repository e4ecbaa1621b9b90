package dump

import (
	"errors"

	"tcptrace/analyzer/packet"
	"tcptrace/internal/wire"
)

// KeepOptions bound what a Keeper holds. Zero means the default.
type KeepOptions struct {
	Packets int   // of one conversation, default 256
	Bytes   int64 // of memory for the packets of all, default 64 MiB
}

const (
	keepPackets = 256
	keepBytes   = 64 << 20
)

// KeepCounts is what became of the packets of a Keeper.
type KeepCounts struct {
	Wanted  uint64 // conversations
	Written uint64 // packets of them
	Held    uint64 // packets, now

	// Packets that were given up: Aged because their conversation had newer ones, Crowded because all
	// conversations together had. Most were never missed; Missing is those of conversations wanted later.
	Aged, Crowded, Missing uint64
}

// Keeper holds the last packets of every conversation until it is known whether they are wanted.
//
// What it writes is in the order of the capture within a conversation, but not over all of them: the packets held of
// one that is wanted late come after younger packets of others. A Sorter behind it waits for them. Memory is bounded by KeepOptions for the packets, and
// by the number of conversations that were begun and are not over for the rest.
type Keeper struct {
	write  func(p *packet.Packet, data []byte, frame uint64) error
	limit  uint32 // packets of a ring
	counts KeepCounts

	at    map[uint64]uint32 // conversation -> index in rings
	rings []ring
	free  []uint32 // in rings

	// Packets and cells refer to each other by index; 0 is none. They hold no pointers, so that collecting
	// garbage does not look into them, and are touched only as they are needed.
	packets        pool[kept]
	cells          pool[cell]
	oldest, newest uint32
	scratch        []byte
}

// ring is the packets held of one conversation.
type ring struct {
	first, last, count uint32
	wanted             bool
	missing            uint64 // packets given up
}

// kept is a packet that is held.
type kept struct {
	time           int64
	frame          uint64
	older, newer   uint32 // of all packets
	next           uint32 // of the ring
	ring           uint32
	cell           uint32 // the first of its bytes
	size, wireSize uint32
	link           wire.LinkType
	iface          uint16
}

// cell is a part of the bytes of a packet. One takes what a capture for headers has of a packet.
type cell struct {
	next uint32
	data [cellSize]byte
}

const (
	cellSize = 128
	cellCost = 4 + cellSize + 56 // bytes of a cell and of a packet, of which there is no more than one for each cell
)

// NewKeeper passes the packets of wanted conversations to write, which is a Writer's Packet.
func NewKeeper(o KeepOptions, write func(p *packet.Packet, data []byte, frame uint64) error) *Keeper {
	if o.Packets <= 0 {
		o.Packets = keepPackets
	}
	if o.Bytes <= 0 {
		o.Bytes = keepBytes
	}
	n := max(1, int(min(o.Bytes/cellCost, 1<<30)))
	return &Keeper{
		write: write, limit: uint32(min(o.Packets, n)), at: map[uint64]uint32{},
		packets: newPool[kept](n), cells: newPool[cell](n),
	}
}

// Packet takes a packet of a conversation, which is then copied or written.
func (k *Keeper) Packet(conv uint64, p *packet.Packet, data []byte, frame uint64) error {
	at := k.ring(conv)
	r := &k.rings[at]
	if r.wanted {
		k.counts.Written++
		return k.write(p, data, frame)
	}
	need := max(1, (len(data)+cellSize-1)/cellSize)
	if need > k.cells.size() {
		k.counts.Crowded++
		r.missing++
		return nil
	}
	if r.count == k.limit {
		k.counts.Aged++
		k.giveUp(r.first)
	}
	for k.cells.left() < need {
		k.counts.Crowded++
		k.giveUp(k.oldest)
	}
	k.hold(at, p, data, frame)
	return nil
}

// Want writes what is held of a conversation, and from now on all of it.
func (k *Keeper) Want(conv uint64) error {
	r := &k.rings[k.ring(conv)]
	if r.wanted {
		return nil
	}
	r.wanted = true
	k.counts.Wanted++
	k.counts.Missing += r.missing
	var errs error
	for r.first != 0 {
		q := &k.packets.items[r.first]
		p := packet.Packet{Time: q.time, CapLen: q.size, WireLen: q.wireSize, Link: q.link, Iface: q.iface}
		if err := k.write(&p, k.bytes(q), q.frame); err != nil {
			errs = errors.Join(errs, err)
		}
		k.counts.Written++
		k.drop(r.first)
	}
	return errs
}

// Over forgets a conversation. It must be called for each that ends.
func (k *Keeper) Over(conv uint64) {
	at, ok := k.at[conv]
	if !ok {
		return
	}
	for r := &k.rings[at]; r.first != 0; {
		k.drop(r.first)
	}
	delete(k.at, conv)
	k.rings[at] = ring{}
	k.free = append(k.free, at)
}

// Counts is what became of the packets so far.
func (k *Keeper) Counts() KeepCounts { return k.counts }

// ring is the index of a conversation's ring, which may be new.
func (k *Keeper) ring(conv uint64) uint32 {
	at, ok := k.at[conv]
	if ok {
		return at
	}
	if n := len(k.free); n > 0 {
		at = k.free[n-1]
		k.free = k.free[:n-1]
	} else {
		at = uint32(len(k.rings))
		k.rings = append(k.rings, ring{})
	}
	k.at[conv] = at
	return at
}

// hold puts a packet, for which there is room, at the end of its ring and of all packets.
func (k *Keeper) hold(at uint32, p *packet.Packet, data []byte, frame uint64) {
	i := k.packets.take()
	q := &k.packets.items[i]
	*q = kept{
		time: p.Time, frame: frame, older: k.newest, ring: at,
		size: uint32(len(data)), wireSize: p.WireLen, link: p.Link, iface: p.Iface,
	}
	for to := &q.cell; ; {
		*to = k.cells.take()
		c := &k.cells.items[*to]
		c.next = 0
		to = &c.next
		if data = data[copy(c.data[:], data):]; len(data) == 0 {
			break
		}
	}
	if k.newest != 0 {
		k.packets.items[k.newest].newer = i
	} else {
		k.oldest = i
	}
	k.newest = i
	r := &k.rings[at]
	if r.count > 0 {
		k.packets.items[r.last].next = i
	} else {
		r.first = i
	}
	r.last = i
	r.count++
	k.counts.Held++
}

// bytes is what is held of a packet, until the next call.
func (k *Keeper) bytes(q *kept) []byte {
	if q.size <= cellSize {
		return k.cells.items[q.cell].data[:q.size]
	}
	k.scratch = k.scratch[:0]
	for c := q.cell; c != 0; c = k.cells.items[c].next {
		k.scratch = append(k.scratch, k.cells.items[c].data[:]...)
	}
	return k.scratch[:q.size]
}

// giveUp drops a packet that may be missed.
func (k *Keeper) giveUp(i uint32) {
	k.rings[k.packets.items[i].ring].missing++
	k.drop(i)
}

// drop frees a packet, which is the first of its ring: what is older than all is so than those of its own.
func (k *Keeper) drop(i uint32) {
	q := &k.packets.items[i]
	r := &k.rings[q.ring]
	r.first = q.next
	r.count--
	if q.older != 0 {
		k.packets.items[q.older].newer = q.newer
	} else {
		k.oldest = q.newer
	}
	if q.newer != 0 {
		k.packets.items[q.newer].older = q.older
	} else {
		k.newest = q.older
	}
	for c := q.cell; c != 0; {
		next := k.cells.items[c].next
		k.cells.give(c)
		c = next
	}
	k.packets.give(i)
	k.counts.Held--
}
