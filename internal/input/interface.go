package input

import (
	"fmt"
	"math"
	"math/bits"

	"tcptrace/internal/wire"
)

// Option codes; each counts within its block type.
const (
	optionEnd           = 0
	optionName          = 2  // if_name
	optionDescription   = 3  // if_description
	optionTimeRes       = 9  // if_tsresol
	optionTimeOffset    = 14 // if_tsoffset
	optionComment       = 1
	optionPacketDrops   = 4 // epb_dropcount
	optionIfaceDrops    = 5 // isb_ifdrop
	optionSystemDrops   = 7 // isb_osdrop
	defaultTimeRes      = 6 // microseconds
	binaryRes           = 0x80
	nanoseconds         = 1_000_000_000
	nanosecondsExponent = 9
)

// iface is an interface that a section describes, and what became of it.
type iface struct {
	id   uint16 // in the trace
	link wire.LinkType
	snap uint32 // as written; 0: no limit

	res    uint8 // if_tsresol
	offset int64 // if_tsoffset, s
	// Times up to quick are ts*scale + shift; see resolve.
	quick, scale uint64
	shift        int64

	// Statistics are totals since the start of the capture, so the last counts;
	// the counts at packets tell the same losses again, so they count only without.
	ifDrops, osDrops, packetDrops uint64
	saidTotal, saidPacket         bool
}

// describe reads an interface description block.
func (f *pcapngFile) describe(b []byte) string {
	if len(f.interfaces) >= maxInterfaces {
		return fmt.Sprintf("a section describes more than %d interfaces", maxInterfaces)
	}
	in := iface{link: wire.LinkType(f.u16(b[8:])), snap: f.u32(b[12:]), res: defaultTimeRes}
	is := described{Interface{Link: in.link, SnapLen: in.snap}, len(f.interfaces)}
	for o := (options{b[16:]}); ; {
		code, v, ok := o.next(f)
		if !ok {
			break
		}
		switch {
		case code == optionName:
			is.Name = cutName(v)
		case code == optionDescription:
			is.Description = cutName(v)
		case code == optionTimeRes && len(v) >= 1:
			in.res = v[0]
		case code == optionTimeOffset && len(v) >= 8:
			in.offset = int64(f.u64(v))
		}
	}
	in.resolve()
	var bad string
	if in.id, bad = f.known.id(is); bad == "" {
		f.interfaces = append(f.interfaces, in)
	}
	return bad
}

// statistics reads an interface statistics block.
func (f *pcapngFile) statistics(b []byte) {
	id := f.u32(b[8:])
	if uint64(id) >= uint64(len(f.interfaces)) {
		return
	}
	in := &f.interfaces[id]
	for o := (options{b[20:]}); ; {
		code, v, ok := o.next(f)
		if !ok {
			return
		}
		if len(v) < 8 {
			continue
		}
		switch code {
		case optionIfaceDrops:
			in.ifDrops, in.saidTotal = f.u64(v), true
		case optionSystemDrops:
			in.osDrops, in.saidTotal = f.u64(v), true
		}
	}
}

// packetOptions reads the options of an enhanced packet block.
func (f *pcapngFile) packetOptions(b []byte, in *iface) {
	for o := (options{b}); ; {
		code, v, ok := o.next(f)
		if !ok {
			return
		}
		switch {
		case code == optionComment:
			f.comments++
		case code == optionPacketDrops && len(v) >= 8:
			in.dropped(f.u64(v))
		}
	}
}

func (in *iface) dropped(n uint64) {
	in.packetDrops, in.saidPacket = addSat(in.packetDrops, n), true
}

func (f *pcapngFile) drops() (n uint64, said bool) {
	n, said = f.lost, f.lostSaid
	for i := range f.interfaces {
		switch in := &f.interfaces[i]; {
		case in.saidTotal:
			n, said = addSat(n, addSat(in.ifDrops, in.osDrops)), true
		case in.saidPacket:
			n, said = addSat(n, in.packetDrops), true
		}
	}
	return n, said
}

// options walks a list of options. A list that contradicts itself ends there:
// the packets do not depend on it.
type options struct{ b []byte }

func (o *options) next(f *pcapngFile) (code uint16, value []byte, ok bool) {
	if len(o.b) < 4 {
		return 0, nil, false
	}
	code, size := f.u16(o.b), int(f.u16(o.b[2:]))
	if code == optionEnd || size > len(o.b)-4 {
		return 0, nil, false
	}
	value = o.b[4 : 4+size]
	o.b = o.b[min(len(o.b), 4+(size+3)&^3):]
	return code, value, true
}

// resolve prepares the quick way from ticks to nanoseconds, for resolutions that
// a whole number of nanoseconds makes up and times that cannot overflow.
func (in *iface) resolve() {
	in.shift = in.ns128(0)
	in.quick, in.scale = 0, 0
	switch exp := in.res &^ binaryRes; {
	case exp > nanosecondsExponent:
		return // 10^9 = 2^9 * 5^9
	case in.res&binaryRes != 0:
		in.scale = nanoseconds >> exp
	default:
		in.scale = pow10(nanosecondsExponent - int(exp))
	}
	if in.shift > math.MinInt64 && in.shift < math.MaxInt64 {
		in.quick = (math.MaxInt64 - uint64(max(in.shift, 0))) / in.scale
	}
}

// time is a timestamp of the interface in ns since the Unix epoch; one that does
// not fit is the nearest that does.
func (in *iface) time(ts uint64) int64 {
	if ts <= in.quick {
		return int64(ts*in.scale) + in.shift
	}
	return in.ns128(ts)
}

// ns128 is time for any resolution and offset.
func (in *iface) ns128(ts uint64) int64 {
	var hi, lo uint64
	switch exp := int(in.res &^ binaryRes); {
	case in.res&binaryRes != 0:
		hi, lo = bits.Mul64(ts, nanoseconds)
		if exp >= 64 {
			hi, lo, exp = 0, hi, exp-64
		}
		hi, lo = hi>>exp, lo>>exp|hi<<(64-exp)
	case exp <= nanosecondsExponent:
		hi, lo = bits.Mul64(ts, pow10(nanosecondsExponent-exp))
	case exp-nanosecondsExponent < 20:
		lo = ts / pow10(exp-nanosecondsExponent)
	default:
		// A tick is below 10^-28 s: 2^64 of them are no nanosecond.
	}
	if in.offset >= 0 {
		offHi, offLo := bits.Mul64(uint64(in.offset), nanoseconds)
		lo, carry := bits.Add64(lo, offLo, 0)
		if hi, _ = bits.Add64(hi, offHi, carry); hi != 0 || lo > math.MaxInt64 {
			return math.MaxInt64
		}
		return int64(lo)
	}
	offHi, offLo := bits.Mul64(-uint64(in.offset), nanoseconds)
	lo, borrow := bits.Sub64(lo, offLo, 0)
	hi, borrow = bits.Sub64(hi, offHi, borrow)
	switch negative := borrow != 0; {
	case negative && (hi != math.MaxUint64 || lo < 1<<63):
		return math.MinInt64
	case !negative && (hi != 0 || lo > math.MaxInt64):
		return math.MaxInt64
	}
	return int64(lo)
}

// pow10 is 10^n for n up to 19.
func pow10(n int) uint64 {
	v := uint64(1)
	for range n {
		v *= 10
	}
	return v
}
