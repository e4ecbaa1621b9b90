package columnar

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/plain"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

const (
	dictionaryBytes = 256 << 10 // of the words of a column in a row group; if there are more, words are written where they occur
	boundBytes      = 64        // of the least and the greatest text of a column, to be told
)

// column is a column of the row group that is written: its values since the last page, and the pages before.
type column struct {
	*node

	// Values since the last page. Rows from rows on have none, which is a null of level 0.
	rows       int
	defs, reps []byte  // levels
	numbers    []int64 // of integers and moments
	words      []int32 // of text: their places in the dictionary
	plain      []byte  // others, as they are written; truth in a byte each
	nulls      int

	// The dictionary of the row group.
	places     map[string]int32
	dictionary []byte
	scattered  bool // words differ so much that there is none

	empty int // rows without values that are in no page yet, before those above
	pages bytes.Buffer
	meta  format.ColumnMetaData

	// Bounds of the values in pages.
	bounded         bool
	least, greatest bound
}

// bound is a value of one of the types.
type bound struct {
	number int64
	double float64
	text   []byte
}

// put reads a value of a row, which is there if def says so, and returns what is behind it.
func (c *column) put(row int, def, rep uint8, b []byte) []byte {
	if c.rows < row {
		c.fill(row)
	}
	if c.rows = row + 1; c.node.def > 0 {
		c.defs = append(c.defs, def)
	}
	if c.rep > 0 {
		c.reps = append(c.reps, rep)
	}
	if def != c.def {
		c.nulls++
		return b
	}
	switch c.kind {
	case integer, moment:
		v, n := binary.Varint(b)
		c.numbers = append(c.numbers, v)
		return b[n:]
	case double, decimal:
		c.plain = append(c.plain, b[:8]...)
		return b[8:]
	case truth:
		c.plain = append(c.plain, b[0])
		return b[1:]
	}
	size, n := binary.Uvarint(b)
	c.word(b[n : n+int(size)])
	return b[n+int(size):]
}

// fill adds nulls up to row.
func (c *column) fill(row int) {
	n := row - c.rows
	c.defs = append(c.defs, make([]byte, n)...)
	if c.rep > 0 {
		c.reps = append(c.reps, make([]byte, n)...)
	}
	c.rows, c.nulls = row, c.nulls+n
}

// word adds text.
func (c *column) word(s []byte) {
	if c.scattered {
		c.plain = plain.AppendByteArray(c.plain, s)
		c.bound(bound{text: s})
		return
	}
	place, known := c.places[string(s)]
	if !known {
		place = int32(len(c.places))
		c.places[string(s)] = place
		c.dictionary = plain.AppendByteArray(c.dictionary, s)
		c.bound(bound{text: s})
	}
	c.words = append(c.words, place)
}

// bound widens the bounds to a value.
func (c *column) bound(b bound) {
	if !c.bounded {
		c.least, c.greatest, c.bounded = bound{b.number, b.double, bytes.Clone(b.text)}, bound{b.number, b.double, bytes.Clone(b.text)}, true
	}
	if b.compare(c.least) < 0 {
		c.least = bound{b.number, b.double, append(c.least.text[:0], b.text...)}
	}
	if b.compare(c.greatest) > 0 {
		c.greatest = bound{b.number, b.double, append(c.greatest.text[:0], b.text...)}
	}
}

func (b bound) compare(other bound) int {
	return cmp.Or(cmp.Compare(b.number, other.number), cmp.Compare(b.double, other.double), bytes.Compare(b.text, other.text))
}

// endPage ends the page after so many rows of the row group. Pages without values are one, until there are values or the row group ends.
func (c *column) endPage(rows int, e *encoder) error {
	if c.rows == 0 {
		c.empty += rows
		return nil
	}
	if err := c.endEmpty(e); err != nil {
		return err
	}
	if c.rows < rows {
		c.fill(rows)
	}
	p := page{rows: rows, values: rows, nulls: c.nulls}
	if c.node.def > 0 {
		p.values, p.defs = len(c.defs), e.levels(0, c.defs, c.node.def)
	}
	if c.rep > 0 {
		p.reps = e.levels(1, c.reps, c.rep)
	}
	p.encoding, p.data = c.encode(e)
	err := c.write(&p, e)
	c.rows, c.nulls, c.defs, c.reps = 0, 0, c.defs[:0], c.reps[:0]
	c.numbers, c.words, c.plain = c.numbers[:0], c.words[:0], c.plain[:0]
	c.scattered = c.scattered || len(c.dictionary) > dictionaryBytes
	return err
}

// endEmpty writes the page of the rows that have no values.
func (c *column) endEmpty(e *encoder) error {
	if c.empty == 0 {
		return nil
	}
	zeros := append(binary.AppendUvarint(nil, uint64(c.empty)<<1), 0) // a run
	p := page{rows: c.empty, values: c.empty, nulls: c.empty, defs: zeros}
	if c.rep > 0 {
		p.reps = zeros
	}
	c.empty = 0
	return c.write(&p, e)
}

// encode is the values of the page, which widen the bounds.
func (c *column) encode(e *encoder) (format.Encoding, []byte) {
	if len(c.numbers)+len(c.words)+len(c.plain) == 0 {
		return format.Plain, nil // nothing refers to a dictionary that may not be there
	}
	switch c.kind {
	case integer, moment:
		c.bound(bound{number: slices.Min(c.numbers)})
		c.bound(bound{number: slices.Max(c.numbers)})
		e.data, _ = new(delta.BinaryPackedEncoding).EncodeInt64(e.data, c.numbers) // never fails
		return format.DeltaBinaryPacked, e.data
	case double, decimal:
		for b := c.plain; len(b) > 0; b = b[8:] {
			c.bound(bound{double: math.Float64frombits(binary.LittleEndian.Uint64(b))})
		}
	case truth:
		e.data = e.data[:0]
		for i, v := range c.plain {
			c.bound(bound{number: int64(v)})
			e.data = plain.AppendBoolean(e.data, i, v != 0)
		}
		return format.Plain, e.data
	case text:
		if !c.scattered {
			e.data, _ = new(rle.DictionaryEncoding).EncodeInt32(e.data, c.words) // never fails
			return format.RLEDictionary, e.data
		}
	}
	return format.Plain, c.plain
}

// statistics is what readers skip row groups by.
func (c *column) statistics() format.Statistics {
	s := format.Statistics{NullCount: c.meta.Statistics.NullCount}
	if c.bounded && len(c.least.text) <= boundBytes && len(c.greatest.text) <= boundBytes {
		s.MinValue, s.MaxValue = c.spell(c.least), c.spell(c.greatest)
	}
	return s
}

// spell is a bound as the format has it, nil if it is none: what is not a number is in no order.
func (c *column) spell(b bound) []byte {
	switch c.kind {
	case integer, moment:
		return plain.Int64(b.number)
	case double, decimal:
		if math.IsNaN(c.least.double) { // which it is if there is one
			return nil
		}
		return plain.Double(b.double)
	case truth:
		return plain.Boolean(b.number != 0)
	}
	return b.text
}

// begin begins a row group.
func (c *column) begin() {
	c.meta = format.ColumnMetaData{Type: c.physical(), PathInSchema: c.path, Codec: format.Zstd}
	c.pages.Reset()
	c.dictionary, c.bounded = c.dictionary[:0], false
	if c.kind == text {
		c.places = map[string]int32{}
	}
}

// width is how many bits levels up to max take.
func width(max uint8) int { return bits.Len8(max) }
