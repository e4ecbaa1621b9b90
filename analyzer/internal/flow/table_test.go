package flow

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"tcptrace/analyzer/internal/conn"
	"tcptrace/internal/wire"
)

// TestIndex compares the slab and the index with a map, while keys come, go and change slots.
// Few hashes make long probe sequences, which wrap.
func TestIndex(t *testing.T) {
	for name, hashes := range map[string]uint32{"few hashes": 5, "some": 700, "all": 1 << 31} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, uint64(hashes)))
			hash := func(k *wire.Key) uint32 {
				return uint32(k.Hash(&[4]uint64{1, 2, 3, 4})%uint64(hashes)) * (^uint32(0) / hashes)
			}
			var s slab
			x := newIndex()
			want := map[wire.Key]uint32{}
			for range 30_000 {
				k := wire.Key{PortA: uint16(rng.IntN(2_000))}
				slot, known := want[k]
				if got := x.find(&s, &k, hash(&k)); known && got != slot || !known && got != noSlot {
					t.Fatalf("key %d: slot %d, want %d (%v)", k.PortA, int32(got), slot, known)
				}
				switch {
				case !known:
					slot, c := s.alloc()
					c.Key = k
					x.put(hash(&k), slot)
					want[k] = slot
				case rng.IntN(4) == 0:
					to, c := s.alloc()
					c.Key = k
					x.replace(hash(&k), slot, to)
					s.release(slot)
					want[k] = to
				default:
					x.remove(hash(&k), slot)
					s.release(slot)
					delete(want, k)
				}
			}
			for k, slot := range want {
				if got := x.find(&s, &k, hash(&k)); got != slot {
					t.Errorf("at the end, key %d: slot %d, want %d", k.PortA, int32(got), slot)
				}
			}
			if x.used != len(want) || s.Used != len(want) || 2*x.used > len(x.entries) {
				t.Errorf("%d keys: index has %d in %d entries, slab %d", len(want), x.used, len(x.entries), s.Used)
			}
		})
	}
}

// TestSlab: a slot is used by one at a time, comes back zeroed, and gen tells whether it is used.
func TestSlab(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 0))
	var s slab
	used := map[uint32]uint32{} // slot -> gen
	highest := uint32(0)
	for range 20_000 {
		if len(used) < 1000 && rng.IntN(5) < 3 {
			slot, c := s.alloc()
			if _, twice := used[slot]; twice || c.Gen%2 != 1 || *c != (conn.Conn{Gen: c.Gen}) {
				t.Fatalf("slot %d: used already (%v) or not fresh: %+v", slot, twice, *c)
			}
			c.Last, c.Half[1].Packets = 7, 9
			used[slot] = c.Gen
			highest = max(highest, slot)
			continue
		}
		for slot, gen := range used {
			if s.At(slot).Gen != gen {
				t.Fatalf("slot %d changed its gen while in use", slot)
			}
			s.release(slot)
			if s.At(slot).Gen%2 != 0 {
				t.Fatalf("slot %d is free and looks used", slot)
			}
			delete(used, slot)
			break
		}
	}
	if s.Used != len(used) {
		t.Errorf("%d in use, want %d", s.Used, len(used))
	}
	if highest >= 1000 {
		t.Errorf("slot %d handed out while lower ones were free", highest)
	}
}

func TestQueue(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 0))
	var q Queue
	var want []Deadline
	for i := range 20_000 {
		switch {
		case rng.IntN(100) < 52:
			d := Deadline{At: conn.Time(i), Slot: rng.Uint32()}
			q.Push(d)
			want = append(want, d)
		case len(want) > 0:
			if got := *q.Peek(); got != want[0] {
				t.Fatalf("peek: %v, want %v", got, want[0])
			}
			if got := q.Pop(); got != want[0] {
				t.Fatalf("pop: %v, want %v", got, want[0])
			}
			want = want[1:]
		}
		if q.N != len(want) {
			t.Fatalf("%d entries, want %d", q.N, len(want))
		}
	}
}

// TestLRU compares the heap with a look at every conversation.
func TestLRU(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 0))
	const flows = 300
	var s slab
	var l lru
	var now conn.Time
	used := map[uint32]bool{}
	open := func() {
		slot, c := s.alloc()
		now += conn.Time(rng.IntN(3)) // moments are shared: ties go to the lower slot
		c.First, c.Last = now, now
		l.add(slot, now)
		used[slot] = true
	}
	for range flows {
		open()
	}
	for range 20_000 {
		switch now += conn.Time(rng.IntN(2)); rng.IntN(10) {
		default: // one speaks
			s.At(uint32(rng.IntN(flows))).Last = now
		case 0: // one is over and another takes its slot
			slot := uint32(rng.IntN(flows))
			s.release(slot)
			delete(used, slot)
			open()
		case 1:
			want := slices.MinFunc(slices.Sorted(maps.Keys(used)), func(a, b uint32) int {
				return int(s.At(a).Last - s.At(b).Last)
			})
			if got := l.oldest(&s); got != want {
				t.Fatalf("slot %d, silent since %d; want %d, since %d", got, s.At(got).Last, want, s.At(want).Last)
			}
			s.release(want)
			delete(used, want)
			open()
		}
	}
	if len(l.heap) != flows {
		t.Errorf("the heap has %d entries for %d slots", len(l.heap), flows)
	}
}
