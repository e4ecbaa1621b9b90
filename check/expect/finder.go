package expect

import "tcptrace/report"

// finder finds the conversations that the entries of an expectation are about. What an entry says of addresses and ports leads it
// to the few records that can be meant, so that many entries and many records take time in proportion.
type finder struct {
	records []report.Record
	entries []conversation
	taken   []bool // of records: an entry is about it
	chosen  []choice
	tables  map[parts]map[sockets]*bucket
	rough   []int // entries whose choices are not exact
	looked  int   // records that were compared with an entry
}

// parts is which of the client's address and port, and of the server's, an entry names: a bit each.
type parts uint8

type sockets [2]report.Socket // by side; what is not among the parts is empty

// choice is by what an entry chooses.
type choice struct {
	parts   parts
	sockets sockets
	exact   bool // it says nothing else
}

// bucket is what agrees in some parts of the sockets.
type bucket struct {
	records []int // in order; some at the front may be taken
	free    int   // those that are not
	entries int   // exact ones that are still to come
}

func newFinder(records []report.Record, entries []conversation) *finder {
	f := &finder{
		records: records, entries: entries, taken: make([]bool, len(records)),
		chosen: make([]choice, len(entries)), tables: map[parts]map[sockets]*bucket{},
	}
	for i := range entries {
		if entries[i].byStream {
			continue
		}
		c := entries[i].choice()
		f.chosen[i] = c
		if f.tables[c.parts] == nil {
			f.tables[c.parts] = map[sockets]*bucket{}
		}
		b := f.tables[c.parts][c.sockets]
		if b == nil {
			b = &bucket{}
			f.tables[c.parts][c.sockets] = b
		}
		if c.exact {
			b.entries++
		} else {
			f.rough = append(f.rough, i)
		}
	}
	for n := range records {
		f.buckets(n, func(b *bucket) { b.records, b.free = append(b.records, n), b.free+1 })
	}
	return f
}

// choice works out by what w chooses.
func (w *conversation) choice() choice {
	c := choice{exact: true}
	for side, host := range [...]*record{w.client, w.server} {
		if host == nil {
			continue
		}
		for _, f := range host.fields {
			s, bit := &c.sockets[side], parts(1)<<(2*side)
			switch v := f.want.(type) {
			case *word:
				if f.name == "ip" && c.parts&bit == 0 {
					s.IP, c.parts = v.text, c.parts|bit
					continue
				}
			case *quantity:
				port, whole := v.whole()
				if bit <<= 1; f.name == "port" && whole && port <= 0xffff && c.parts&bit == 0 {
					s.Port, c.parts = uint16(port), c.parts|bit
					continue
				}
			}
			c.exact = false
		}
	}
	return c
}

// of is the parts of the sockets of r.
func (p parts) of(r *report.Record) (s sockets) {
	for side, host := range [...]*report.Host{&r.Client, &r.Server} {
		if p&(1<<(2*side)) != 0 {
			s[side].IP = host.IP
		}
		if p&(2<<(2*side)) != 0 {
			s[side].Port = host.Port
		}
	}
	return s
}

// buckets calls do with all that a record is in.
func (f *finder) buckets(n int, do func(*bucket)) {
	for p, table := range f.tables {
		if b := table[p.of(&f.records[n])]; b != nil {
			do(b)
		}
	}
}

// take notes that an entry is about a record.
func (f *finder) take(n int) {
	if !f.taken[n] {
		f.taken[n] = true
		f.buckets(n, func(b *bucket) { b.free-- })
	}
}

// fits is the first record that the i-th entry may be about, and how many there are.
func (f *finder) fits(i int) (first, n int) {
	c := f.chosen[i]
	b := f.tables[c.parts][c.sockets]
	for len(b.records) > 0 && f.taken[b.records[0]] {
		b.records = b.records[1:]
	}
	if c.exact {
		if b.free == 0 {
			return -1, 0
		}
		return b.records[0], b.free
	}
	first = -1
	for _, record := range b.records {
		if f.taken[record] || !f.chooses(i, record) {
			continue
		}
		if n++; first < 0 {
			first = record
		}
	}
	return first, n
}

func (f *finder) chooses(i, record int) bool {
	f.looked++
	return f.entries[i].chooses(&f.records[record])
}

// rivals is how many entries from the i-th on choose a record.
func (f *finder) rivals(i, record int) (n int) {
	f.buckets(record, func(b *bucket) { n += b.entries })
	for _, j := range f.rough {
		if j >= i && f.chooses(j, record) {
			n++
		}
	}
	return n
}

// pass notes that the i-th entry is no longer to come.
func (f *finder) pass(i int) {
	if c := f.chosen[i]; c.exact {
		f.tables[c.parts][c.sockets].entries--
	}
}
