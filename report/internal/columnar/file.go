package columnar

import (
	"encoding/binary"
	"io"
	"math"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

const (
	chunkRows = 256       // that are dealt to the columns at once
	chunkText = 256 << 10 // bytes of packed rows, from which on they are dealt

	// A row group is what a reader can skip, and what is held in memory: as many rows as make so many values, and no more bytes of packed rows
	// than that.
	groupValues            = 24 << 20
	leastGroup, greatGroup = 64 << 10, 512 << 10 // rows
	groupBytes             = 96 << 20

	pageBytes       = 64 << 10
	dictionaryBytes = 256 << 10 // of a column in a row group; strings beyond are written out
)

// File is a Parquet file that is written row by row.
type File struct {
	out     *pq.GenericWriter[any]
	columns []column
	nulls   [chunkRows]pq.Value

	text   []byte // packed rows that values of the chunk are parts of
	rows   int    // in the chunk
	chunk  int    // bytes of its packed rows
	group  int    // rows in the row group, without the chunk
	packed int    // their bytes
	most   int    // rows in a row group
	err    error
}

// column is where the values of a chunk are put.
type column struct {
	*node
	to     *pq.ColumnWriter
	values []pq.Value // of a column that repeats: of the first rows; otherwise of all, null unless there is one
	filled int        // rows that have values
}

// NewFile begins a file of a table.
func NewFile(w io.Writer, t *Table) *File {
	f := &File{
		out: pq.NewGenericWriter[any](w, t.schema,
			pq.Compression(&zstd.Codec{Level: zstd.SpeedFastest}), pq.PageBufferSize(pageBytes), pq.DictionaryMaxBytes(dictionaryBytes),
			pq.CreatedBy("tcptrace", "", "")),
		columns: make([]column, len(t.leaves)),
		most:    min(max(groupValues/len(t.leaves), leastGroup), greatGroup),
	}
	for i, n := range t.leaves {
		f.columns[i].node = n
	}
	f.begin()
	return f
}

// Reset begins another file of the same table, in the memory of this one, which was closed.
func (f *File) Reset(w io.Writer) {
	f.out.Reset(w)
	f.err = nil
	f.begin()
}

// begin begins a row group.
func (f *File) begin() {
	for i, to := range f.out.ColumnWriters() {
		f.columns[i].to = to
	}
	f.group, f.packed = 0, 0
}

// Add takes whole packed rows, which it does not keep. The first error stays.
func (f *File) Add(rows []byte) error {
	at := len(f.text)
	f.text = append(f.text, rows...) // what is copied when it grows stays where it is for the values that point to it
	for rows = f.text[at:]; len(rows) > 0 && f.err == nil; {
		rows = f.add(rows)
	}
	if len(f.text) >= chunkText && f.err == nil {
		f.err = f.deal()
		f.text = f.text[:0]
	}
	return f.err
}

// add takes the first of packed rows, and returns the others.
func (f *File) add(rows []byte) []byte {
	row := rows
	for row[0] != 0 {
		number, n := binary.Uvarint(row)
		c := &f.columns[number-1]
		def, rep := row[n]>>2, row[n]&3
		row = row[n+1:]
		var v pq.Value
		if def == c.def {
			v, row = c.unpack(row)
		}
		c.put(f.rows, v.Level(int(rep), int(def), int(number)-1))
	}
	row = row[1:]
	f.rows, f.chunk = f.rows+1, f.chunk+len(rows)-len(row)
	if f.rows == chunkRows {
		f.err = f.deal()
	}
	return row
}

// put adds a value of a row of the chunk.
func (c *column) put(row int, v pq.Value) {
	if c.rep == 0 {
		if c.values == nil {
			c.values = make([]pq.Value, chunkRows)
		}
		c.values[row], c.filled = v, row+1
		return
	}
	c.fill(row)
	c.values, c.filled = append(c.values, v), row+1
}

// fill adds a null for each row of a column that repeats, up to row, that has no value.
func (c *column) fill(row int) {
	for ; c.filled < row; c.filled++ {
		c.values = append(c.values, pq.Value{}.Level(0, 0, c.first))
	}
}

// unpack reads a value, and returns what is behind it.
func (c *column) unpack(b []byte) (pq.Value, []byte) {
	switch c.kind {
	case integer, moment:
		v, n := binary.Varint(b)
		return pq.Int64Value(v), b[n:]
	case double, decimal:
		return pq.DoubleValue(math.Float64frombits(binary.LittleEndian.Uint64(b))), b[8:]
	case truth:
		return pq.BooleanValue(b[0] != 0), b[1:]
	}
	size, n := binary.Uvarint(b)
	b = b[n:]
	return pq.ByteArrayValue(b[:size]), b[size:]
}

// deal hands the chunk to the columns.
func (f *File) deal() error {
	for i := range f.columns {
		c := &f.columns[i]
		values := f.nulls[:f.rows]
		switch {
		case c.rep > 0:
			c.fill(f.rows)
			values = c.values
		case c.filled > 0:
			values = c.values[:f.rows]
		}
		if _, err := c.to.WriteRowValues(values); err != nil {
			return err
		}
		if c.rep > 0 {
			c.values = c.values[:0]
		} else if c.filled > 0 {
			clear(c.values[:c.filled])
		}
		c.filled = 0
	}
	f.group, f.packed = f.group+f.rows, f.packed+f.chunk
	f.rows, f.chunk = 0, 0
	if f.group < f.most && f.packed < groupBytes {
		return nil
	}
	err := f.out.Flush()
	f.begin()
	return err
}

// Close writes what is left, and the footer, without which there is no file.
func (f *File) Close() error {
	if f.err == nil && f.rows > 0 {
		f.err = f.deal()
	}
	if f.err != nil {
		return f.err
	}
	f.err = f.out.Close()
	return f.err
}
