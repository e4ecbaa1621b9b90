package expect

import (
	"bytes"
	"cmp"
	"encoding/gob"
	"slices"

	"tcptrace/report"
)

// Packed is what Diff compares of the records of a capture, in a fourth of the memory that they take as Go data. The zero Packed
// is empty.
type Packed struct {
	index  []packed
	chunks [][]byte // they hold the records one after another; what is full stays where it is
	out    bytes.Buffer
	enc    *gob.Encoder
	types  []byte // what a decoder must have seen first
	steps  [2][]report.StepRecord
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

type packed struct {
	Party
	data []byte
}

// chunkSize is how many bytes of records are allocated at a time: none is moved when more come.
const chunkSize = 1 << 20

// Len is how many records there are.
func (p *Packed) Len() int { return len(p.index) }

// Add packs r.
func (p *Packed) Add(r *report.Record) error {
	if p.enc == nil {
		p.enc = gob.NewEncoder(&p.out)
		if err := p.enc.Encode(&report.Record{}); err != nil {
			return err
		}
		p.types = bytes.Clone(p.out.Bytes())
	}
	p.out.Reset()
	if err := p.enc.Encode(p.compared(r)); err != nil {
		return err
	}
	p.index = append(p.index, packed{Party{r.Stream, bare(r.Client), bare(r.Server), r.Outcome, r.Packets}, p.keep(p.out.Bytes())})
	return nil
}

// compared is r without most of what may differ (see undiffed): the texts in it would be half of the memory.
func (p *Packed) compared(r *report.Record) *report.Record {
	v := *r
	v.Schema, v.CommunityID, v.ConnState, v.History = "", "", "", ""
	v.Client, v.Server = report.Host{}, report.Host{}
	for i, e := range []*report.Endpoint{&v.Endpoints.Client, &v.Endpoints.Server} {
		p.steps[i] = p.steps[i][:0]
		for _, s := range e.Trajectory {
			p.steps[i] = append(p.steps[i], report.StepRecord{State: s.State, Time: s.Time})
		}
		e.Trajectory = p.steps[i]
	}
	return &v
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

// unpacker reads packed records again.
type unpacker struct {
	of  *Packed
	src bytes.Reader
	dec *gob.Decoder
}

// record makes r the record at i.
func (u *unpacker) record(i int, r *report.Record) error {
	if u.dec == nil {
		u.src.Reset(u.of.types)
		u.dec = gob.NewDecoder(&u.src) // which reads no further than one value, as bytes.Reader reads single bytes
		if err := u.dec.Decode(r); err != nil {
			return err
		}
	}
	*r = report.Record{}
	u.src.Reset(u.of.index[i].data)
	return u.dec.Decode(r)
}
