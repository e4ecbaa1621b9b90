package apart

import "tcptrace/internal/octets"

// column is numbers of one kind, of all entries that have any: what is alike is side by side, so that it is compressed well.
type column uint8

const (
	columnRest    column = iota // names of interfaces, numbers of most fields, SACK blocks, notices
	columnKind                  // kinds and flags of entries: there is one for each
	columnMask                  // which fields differ
	columnTime                  // since the entry before, but for
	columnTimeLow               // its low octet
	columnFrame
	columnLength
	columnSum
	numColumns
)

// Columns is what is packed of two sockets in a file.
type Columns [numColumns][]byte

// reader reads columns.
type reader [numColumns]octets.Reader

func newReader(c *Columns) (r reader) {
	for i := range c {
		r[i].Left = c[i]
	}
	return r
}

// bad reports whether something was missing.
func (r *reader) bad() bool {
	bad := false
	for i := range r {
		bad = bad || r[i].Bad
	}
	return bad
}

// done reports whether all was read, and was there.
func (r *reader) done() bool {
	done := true
	for i := range r {
		done = done && r[i].Done()
	}
	return done
}
