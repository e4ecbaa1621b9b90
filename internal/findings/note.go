package findings

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"time"

	"tcptrace/analyzer"
	"tcptrace/internal/bitset"
	"tcptrace/internal/octets"
	"tcptrace/report"
)

// What follows, and merge.go, is for conversations that are not all in one place: what each adds to the findings is noted in some octets, wherever it is
// known, and taken from these by a Collector; and what one has taken is added to another.

// parts of a note, for each kind that a conversation meets
const (
	noteFailed = 1 << iota
	noteInstead
	noteEvidence
)

// noteWarned stands for how many kinds a conversation meets that has a warning, and meets none.
const noteWarned = 255

// AppendNote appends what c adds to findings, of which j is the judgment.
func AppendNote(b []byte, c *analyzer.Conversation, j *analyzer.Judgment) []byte {
	b = binary.AppendVarint(b, int64(c.Start))
	for _, a := range c.Addr {
		b = appendAddr(b, a)
	}
	b = append(b, c.Sent[analyzer.Client].TTLMin, c.Sent[analyzer.Server].TTLMin, c.Sent[analyzer.Server].TTLMax)
	b = binary.AppendUvarint(b, uint64(c.VLAN[0]))
	b = binary.AppendUvarint(b, uint64(c.VLAN[1]))
	client, server := &c.Sent[analyzer.Client], &c.Sent[analyzer.Server]
	s, filled := subject{c, j}, analyzer.Time(0)
	if s.fills() {
		filled = c.End
	}
	for _, v := range [...]uint64{uint64(client.HandshakeRTT), uint64(server.HandshakeRTT), uint64(server.Thinks), uint64(filled)} {
		b = binary.AppendUvarint(b, v)
	}
	b = octets.AppendText(b, c.Interface)
	b = octets.AppendText(b, c.Names[analyzer.Server].Text)
	parts := len(b)
	b = append(b, 0)
	stalls := false
	s.meet(func(i int, instead bitset.Set, failed bool) {
		b = s.append(b, i, instead, failed)
		b[parts]++ // there are fewer than that kinds
		stalls = stalls || instead.Empty() && kinds[i].stalls
	})
	if b[parts] == 0 && s.warned() {
		b[parts] = noteWarned
	}
	w := stallShows(&s)
	if b = w.append(b); stalls && len(w.times) > 0 {
		waited, again, _ := s.cost(outing)
		b = binary.AppendUvarint(binary.AppendUvarint(b, waited), again)
	}
	return b
}

func (w *shows) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(w.times)))
	for _, t := range w.times {
		b = binary.AppendVarint(b, int64(t))
	}
	return binary.AppendUvarint(b, uint64(w.by))
}

func readShows(r *octets.Reader) (w shows) {
	for range r.Count(1) {
		w.times = append(w.times, analyzer.Time(r.Varint()))
	}
	by := r.Uvarint()
	w.by = uint16(by)
	r.Bad = r.Bad || !slices.IsSorted(w.times) || by>>len(stallTellers) != 0 || by == 0 != (len(w.times) == 0)
	return w
}

// append appends that s meets kind i.
func (s *subject) append(b []byte, i int, instead bitset.Set, failed bool) []byte {
	if !instead.Empty() {
		return instead.Append(append(b, uint8(i), noteInstead))
	}
	flags := uint8(0)
	if failed {
		flags |= noteFailed
	}
	x := example{seen: seenIn(i, s)}
	evidence := x.evidence()
	if evidence != nil {
		flags |= noteEvidence
	}
	waited, again, near := s.cost(i)
	b = append(b, uint8(i), flags)
	for _, v := range [...]uint64{waited, again, near[0], near[1], uint64(s.happened(i))} {
		b = binary.AppendUvarint(b, v)
	}
	if evidence != nil {
		b = appendEvidence(b, evidence)
	}
	return b
}

func appendAddr(b []byte, a netip.AddrPort) []byte {
	text, _ := a.MarshalBinary() // it never fails
	return append(append(b, uint8(len(text))), text...)
}

func readAddr(r *octets.Reader) (a netip.AddrPort) {
	if err := a.UnmarshalBinary(r.Bytes(uint64(r.Byte()))); err != nil {
		r.Bad = true
	}
	return a
}

// appendEvidence appends e but for its stream.
func appendEvidence(b []byte, e *Evidence) []byte {
	b = binary.AppendUvarint(b, e.Frame)
	b = binary.AppendVarint(b, int64(e.Time))
	return octets.AppendText(octets.AppendText(b, e.Anomaly), e.Detail)
}

func readEvidence(r *octets.Reader) *Evidence {
	return &Evidence{Frame: r.Uvarint(), Time: report.Time(r.Varint()), Anomaly: r.Text(), Detail: r.Text()}
}

var errNote = errors.New("what conversations add to the findings is damaged")

// Noted takes the conversation of which that is the note, as Conversation does. It has a number, and a place in the order of all conversations, by which
// one is chosen of those that are as good an example.
func (k *Collector) Noted(note []byte, order, stream uint64) error {
	r, c := octets.Reader{Left: note}, &k.noted
	c.Stream, c.Start = stream, analyzer.Time(r.Varint())
	for i := range c.Addr {
		c.Addr[i] = readAddr(&r)
	}
	c.Sent[analyzer.Client].TTLMin, c.Sent[analyzer.Server].TTLMin, c.Sent[analyzer.Server].TTLMax = r.Byte(), r.Byte(), r.Byte()
	c.VLAN = [2]uint16{uint16(r.Uvarint()), uint16(r.Uvarint())}
	c.Sent[analyzer.Client].HandshakeRTT, c.Sent[analyzer.Server].HandshakeRTT = time.Duration(r.Uvarint()), time.Duration(r.Uvarint())
	c.Sent[analyzer.Server].Thinks = uint32(r.Uvarint())
	filled := analyzer.Time(r.Uvarint())
	c.Interface, c.Names[analyzer.Server].Text = r.Text(), r.Text()
	parts := r.Byte()
	if r.Bad {
		return errNote
	}
	k.count(c, order)
	if filled != 0 {
		k.paths.Fill(k.pair(), c.Start, filled)
	}
	if parts == noteWarned {
		k.warned++
		parts = 0
	}
	var st stall
	var of []notedPart
	for range parts {
		p, ok := k.readPart(&r, c, order)
		if !ok {
			return errNote
		}
		if !p.instead {
			of = append(of, p)
		}
	}
	stalls := slices.ContainsFunc(of, func(p notedPart) bool { return kinds[p.kind].stalls })
	if st.shows = readShows(&r); stalls && len(st.times) > 0 {
		st.all.x.waited, st.all.x.again = r.Uvarint(), r.Uvarint()
	}
	if !r.Done() {
		return errNote
	}
	if !stalls && !k.flooded {
		k.stray(&st.shows)
	}
	for _, p := range of {
		k.mark.kinds.Add(p.kind)
		if kinds[p.kind].stalls && len(st.times) > 0 {
			waited, again := st.all.x.waited, st.all.x.again
			p.x.told = p.evidence
			st.add(p.kind, p.x, p.near)
			st.all.x.waited, st.all.x.again = waited, again
			continue
		}
		k.affect(p.kind, c, p.x, p.near, func() (*anomalySeen, *Evidence) { return nil, p.evidence })
	}
	k.countMild()
	if len(st.parts) > 0 {
		k.keepOf(&st, c)
	}
	return nil
}

// notedPart is what a note says of a kind.
type notedPart struct {
	stallPart
	evidence *Evidence
	instead  bool // others are told in its place
}

// readPart reads what a note says of a kind that c meets. What is told in its place is taken at once.
func (k *Collector) readPart(r *octets.Reader, c *analyzer.Conversation, order uint64) (p notedPart, ok bool) {
	i, flags := int(r.Byte()), r.Byte()
	if i >= len(kinds) {
		return p, false
	}
	if p.kind = i; flags&noteInstead != 0 {
		p.instead = true
		k.affected[i].told.Join(bitset.Read(r))
		return p, !r.Bad
	}
	p.x = example{order: order, stream: c.Stream, addr: c.Addr, failed: flags&noteFailed != 0, service: k.service(c)}
	p.x.waited, p.x.again = r.Uvarint(), r.Uvarint()
	p.near = [2]uint64{r.Uvarint(), r.Uvarint()}
	p.x.at = analyzer.Time(r.Uvarint())
	if flags&noteEvidence != 0 {
		p.evidence = readEvidence(r)
	}
	return p, !r.Bad
}
