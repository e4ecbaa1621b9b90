package reassembly

// Seq is a sequence number as TCP headers carry it. It has no order: "before" is
// not transitive modulo 2^32, so it is defined for Pos only.
type Seq uint32

// Pos is a position in one direction's sequence space that does not wrap.
type Pos int64

// Start is the position of an initial sequence number. It lies 2^32 above the number so that
// what precedes it (old duplicates, keep-alives) has positive positions, too.
func Start(isn Seq) Pos { return Pos(isn) + 1<<32 }

// Unwrap is the position nearest to ref that has sequence number s; of two equally
// near, 2^31 away, the lower one. RFC 7323 2.3 keeps windows below
// 2^30, so for any segment of a live connection ref may be any recent position.
func Unwrap(ref Pos, s Seq) Pos {
	return ref + Pos(int32(uint32(s)-uint32(ref)))
}

// Seq is the sequence number at p.
func (p Pos) Seq() Seq { return Seq(p) }
