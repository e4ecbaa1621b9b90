package columnar

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

const (
	// A page of a column is of so many rows, or of those of so many packed bytes.
	pageRows  = 16 << 10
	pageBytes = 8 << 20

	// A row group is what a reader can skip, and what is held in memory: as many rows as make so many values, and no more bytes of packed rows
	// than that.
	groupValues            = 24 << 20
	leastGroup, greatGroup = 64 << 10, 512 << 10 // rows
	groupBytes             = 96 << 20

	magic   = "PAR1"
	version = 2 // of the format
)

// File is a Parquet file that is written row by row.
type File struct {
	w       io.Writer
	table   *Table
	columns []column
	encoder *encoder
	most    int // rows in a row group

	rows, packed           int // since the last page, and their bytes
	groupRows, groupPacked int // in the row group, without those

	at     int64 // bytes written
	total  int64 // rows in groups
	groups []format.RowGroup
	err    error // stays
}

// NewFile begins a file of a table.
func NewFile(w io.Writer, t *Table) *File {
	f := &File{
		table: t, columns: make([]column, len(t.leaves)), encoder: newEncoder(),
		most: min(max(groupValues/len(t.leaves), leastGroup), greatGroup),
	}
	for i, n := range t.leaves {
		f.columns[i].node = n
		f.columns[i].begin()
	}
	f.Reset(w)
	return f
}

// Reset begins another file of the same table, in the memory of this one, which was closed.
func (f *File) Reset(w io.Writer) {
	f.w, f.err, f.at, f.total, f.groups = w, nil, 0, 0, nil
	f.write([]byte(magic))
}

func (f *File) write(b []byte) {
	if f.err == nil {
		_, f.err = f.w.Write(b)
		f.at += int64(len(b))
	}
}

// Add takes whole packed rows, which it does not keep. The first error stays.
func (f *File) Add(rows []byte) error {
	for len(rows) > 0 && f.err == nil {
		rows = f.add(rows)
	}
	return f.err
}

// add takes the first of packed rows, and returns the others.
func (f *File) add(rows []byte) []byte {
	row := rows
	for row[0] != 0 {
		number, n := binary.Uvarint(row)
		def, rep := row[n]>>2, row[n]&3
		row = f.columns[number-1].put(f.rows, def, rep, row[n+1:])
	}
	row = row[1:]
	f.rows, f.packed = f.rows+1, f.packed+len(rows)-len(row)
	if f.rows == pageRows || f.packed >= pageBytes {
		f.endPages()
	}
	return row
}

// endPages ends a page of each column, and the row group if it is large enough.
func (f *File) endPages() {
	for i := range f.columns {
		if f.err = f.columns[i].endPage(f.rows, f.encoder); f.err != nil {
			return
		}
	}
	f.groupRows, f.groupPacked = f.groupRows+f.rows, f.groupPacked+f.packed
	f.rows, f.packed = 0, 0
	if f.groupRows >= f.most || f.groupPacked >= groupBytes {
		f.endGroup()
	}
}

// endGroup writes the row group.
func (f *File) endGroup() {
	if len(f.groups) > math.MaxInt16 {
		f.err = fmt.Errorf("a Parquet file has no room for more than %d row groups", len(f.groups))
		return
	}
	g := format.RowGroup{Columns: make([]format.ColumnChunk, len(f.columns)), NumRows: int64(f.groupRows), FileOffset: f.at, Ordinal: int16(len(f.groups))}
	for i := range f.columns {
		c := &f.columns[i]
		chunk, pages, err := c.chunk(f.encoder)
		if err != nil {
			f.err = err
			return
		}
		if c.meta.DataPageOffset = f.at + pages; pages > 0 {
			c.meta.DictionaryPageOffset = f.at
		}
		g.Columns[i].MetaData = c.meta
		g.TotalByteSize += c.meta.TotalUncompressedSize
		g.TotalCompressedSize += c.meta.TotalCompressedSize
		f.write(chunk)
		c.begin()
	}
	f.groups, f.total = append(f.groups, g), f.total+g.NumRows
	f.groupRows, f.groupPacked = 0, 0
}

// Close writes what is left, and the footer, without which there is no file.
func (f *File) Close() error {
	if f.err == nil && f.rows > 0 {
		f.endPages()
	}
	if f.err == nil && f.groupRows > 0 {
		f.endGroup()
	}
	order := make([]format.ColumnOrder, len(f.columns))
	for i := range order {
		order[i].Value = new(format.TypeDefinedOrder)
	}
	var footer bytes.Buffer
	err := thrift.NewEncoder(new(thrift.CompactProtocol).NewWriter(&footer)).Encode(&format.FileMetaData{
		Version: version, Schema: f.table.schema, NumRows: f.total, RowGroups: f.groups, CreatedBy: "tcptrace", ColumnOrders: order,
	})
	if f.err == nil {
		f.err = err
	}
	f.write(append(binary.LittleEndian.AppendUint32(footer.Bytes(), uint32(footer.Len())), magic...))
	return f.err
}
