package expect

import (
	"cmp"
	"net/netip"
	"reflect"
	"slices"

	"tcptrace/report"
)

// Packed is what Diff compares of the records of a capture, in a tenth of the memory that they take as Go data. The zero Packed
// is empty.
type Packed struct {
	index  []packed
	chunks [][]byte // they hold the records one after another; what is full stays where it is
	w      recordPacker
}

// Party is what pairs a conversation with one of another capture, and what is said of one that has no partner.
type Party struct {
	Stream         uint64
	Client, Server report.Socket
	Outcome        string
	Packets        uint64
}

// Endpoints names the conversation by its endpoints.
func (p *Party) Endpoints() string { return socket(p.Client) + " > " + socket(p.Server) }

// CommunityID is that of its endpoints.
func (p *Party) CommunityID() string {
	return report.CommunityID(addrPort(p.Client), addrPort(p.Server))
}

// addrPort is a socket; of one without an address, which no capture has, the port alone.
func addrPort(s report.Socket) netip.AddrPort {
	addr, err := netip.ParseAddr(s.IP)
	if err != nil {
		addr = netip.IPv4Unspecified()
	}
	return netip.AddrPortFrom(addr, s.Port)
}

type packed struct {
	Party
	data []byte
}

// chunkSize is how many bytes of records are allocated at a time: none is moved when more come.
const chunkSize = 1 << 20

// Len is how many records there are.
func (p *Packed) Len() int { return len(p.index) }

// Add packs r.
func (p *Packed) Add(r *report.Record) {
	p.w = recordPacker{b: p.w.b[:0], list: p.w.list, start: r.Start}
	p.w.fields(recordPlan, reflect.ValueOf(r).Elem())
	p.index = append(p.index, packed{Party{r.Stream, bare(r.Client), bare(r.Server), r.Outcome, r.Packets}, p.keep(p.w.b)})
}

func (p *Packed) keep(data []byte) []byte {
	last := len(p.chunks) - 1
	if last < 0 || cap(p.chunks[last])-len(p.chunks[last]) < len(data) {
		p.chunks = append(p.chunks, make([]byte, 0, max(chunkSize, len(data))))
		last++
	}
	from := len(p.chunks[last])
	p.chunks[last] = append(p.chunks[last], data...)
	return p.chunks[last][from:]
}

// Sort puts the records in order of their streams.
func (p *Packed) Sort() {
	slices.SortFunc(p.index, func(a, b packed) int { return cmp.Compare(a.Stream, b.Stream) })
}
