package analyzer

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

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
					c.key = k
					x.put(hash(&k), slot)
					want[k] = slot
				case rng.IntN(4) == 0:
					to, c := s.alloc()
					c.key = k
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
			if x.used != len(want) || s.used != len(want) || 2*x.used > len(x.entries) {
				t.Errorf("%d keys: index has %d in %d entries, slab %d", len(want), x.used, len(x.entries), s.used)
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
		if len(used) < 3*chunkSize && rng.IntN(5) < 3 {
			slot, c := s.alloc()
			if _, twice := used[slot]; twice || c.gen%2 != 1 || *c != (conv{gen: c.gen}) {
				t.Fatalf("slot %d: used already (%v) or not fresh: %+v", slot, twice, *c)
			}
			c.last, c.half[1].packets = 7, 9
			used[slot] = c.gen
			highest = max(highest, slot)
			continue
		}
		for slot, gen := range used {
			if s.at(slot).gen != gen {
				t.Fatalf("slot %d changed its gen while in use", slot)
			}
			s.release(slot)
			if s.at(slot).gen%2 != 0 {
				t.Fatalf("slot %d is free and looks used", slot)
			}
			delete(used, slot)
			break
		}
	}
	if s.used != len(used) {
		t.Errorf("%d in use, want %d", s.used, len(used))
	}
	if highest >= 3*chunkSize {
		t.Errorf("slot %d handed out while lower ones were free", highest)
	}
}

func TestQueue(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 0))
	var q queue
	var want []deadline
	for i := range 20_000 {
		switch {
		case rng.IntN(100) < 52:
			d := deadline{at: Time(i), slot: rng.Uint32()}
			q.push(d)
			want = append(want, d)
		case len(want) > 0:
			if got := *q.peek(); got != want[0] {
				t.Fatalf("peek: %v, want %v", got, want[0])
			}
			if got := q.pop(); got != want[0] {
				t.Fatalf("pop: %v, want %v", got, want[0])
			}
			want = want[1:]
		}
		if q.n != len(want) {
			t.Fatalf("%d entries, want %d", q.n, len(want))
		}
	}
}

// TestLRU compares the heap with a look at every conversation.
func TestLRU(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 0))
	const flows = 300
	var s slab
	var l lru
	var now Time
	used := map[uint32]bool{}
	open := func() {
		slot, c := s.alloc()
		now += Time(rng.IntN(3)) // moments are shared: ties go to the lower slot
		c.first, c.last = now, now
		l.add(slot, now)
		used[slot] = true
	}
	for range flows {
		open()
	}
	for range 20_000 {
		switch now += Time(rng.IntN(2)); rng.IntN(10) {
		default: // one speaks
			s.at(uint32(rng.IntN(flows))).last = now
		case 0: // one is over and another takes its slot
			slot := uint32(rng.IntN(flows))
			s.release(slot)
			delete(used, slot)
			open()
		case 1:
			want := slices.MinFunc(slices.Sorted(maps.Keys(used)), func(a, b uint32) int {
				return int(s.at(a).last - s.at(b).last)
			})
			if got := l.oldest(&s); got != want {
				t.Fatalf("slot %d, silent since %d; want %d, since %d", got, s.at(got).last, want, s.at(want).last)
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
