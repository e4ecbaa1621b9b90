package columnar

import (
	"bytes"
	"hash/crc32"
	"slices"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// page is a data page of a column: the second version of the format, in which levels are not compressed.
type page struct {
	rows, values, nulls int
	reps, defs          []byte // encoded
	encoding            format.Encoding
	data                []byte // encoded values that are there
}

// encoder is what is needed to encode a page.
type encoder struct {
	zstd     *zstd.Encoder
	levelsOf [2][]byte // encoded definition and repetition levels
	data     []byte
	packed   []byte // compressed
	header   bytes.Buffer
	thrift   *thrift.Encoder
}

func newEncoder() *encoder {
	e := new(encoder)
	e.zstd, _ = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false)) // options are valid
	e.thrift = thrift.NewEncoder(new(thrift.CompactProtocol).NewWriter(&e.header))
	return e
}

// levels encodes levels up to max, in one of two places.
func (e *encoder) levels(place int, levels []byte, max uint8) []byte {
	e.levelsOf[place], _ = (&rle.Encoding{BitWidth: width(max)}).EncodeLevels(e.levelsOf[place], levels) // fails for wider ones only
	return e.levelsOf[place]
}

// compress is data compressed, and whether it is: not if that would be no shorter.
func (e *encoder) compress(data []byte) ([]byte, bool) {
	if e.packed = e.zstd.EncodeAll(data, e.packed[:0]); len(e.packed) < len(data) {
		return e.packed, true
	}
	return data, false
}

// write adds a page to the column.
func (c *column) write(p *page, e *encoder) error {
	data, compressed := e.compress(p.data)
	levels := len(p.reps) + len(p.defs)
	sum := crc32.Update(crc32.Update(crc32.ChecksumIEEE(p.reps), crc32.IEEETable, p.defs), crc32.IEEETable, data)
	h := format.PageHeader{
		Type: format.DataPageV2, UncompressedPageSize: int32(levels + len(p.data)), CompressedPageSize: int32(levels + len(data)), CRC: int32(sum),
		DataPageHeaderV2: thrift.New(format.DataPageHeaderV2{
			NumValues: int32(p.values), NumNulls: int32(p.nulls), NumRows: int32(p.rows), Encoding: p.encoding,
			DefinitionLevelsByteLength: int32(len(p.defs)), RepetitionLevelsByteLength: int32(len(p.reps)), IsCompressed: thrift.New(compressed),
		}),
	}
	c.meta.NumValues += int64(p.values)
	c.meta.Statistics.NullCount += int64(p.nulls)
	return c.add(&c.pages, &h, e, p.encoding, p.reps, p.defs, data)
}

// add writes the header and the body of a page, and counts them.
func (c *column) add(to *bytes.Buffer, h *format.PageHeader, e *encoder, encoding format.Encoding, body ...[]byte) error {
	e.header.Reset()
	if err := e.thrift.Encode(h); err != nil {
		return err
	}
	to.Write(e.header.Bytes())
	for _, part := range body {
		to.Write(part)
	}
	c.meta.TotalUncompressedSize += int64(e.header.Len()) + int64(h.UncompressedPageSize)
	c.meta.TotalCompressedSize += int64(e.header.Len()) + int64(h.CompressedPageSize)
	for _, encoding := range [...]format.Encoding{format.RLE, encoding} {
		if !slices.Contains(c.meta.Encoding, encoding) {
			c.meta.Encoding = append(c.meta.Encoding, encoding)
		}
	}
	return nil
}

// chunk is the column of a row group as it is written: the dictionary, if there is one, and the pages. The second number is where the pages begin.
func (c *column) chunk(e *encoder) ([]byte, int64, error) {
	if err := c.endEmpty(e); err != nil {
		return nil, 0, err
	}
	c.meta.Statistics = c.statistics()
	if len(c.places) == 0 {
		return c.pages.Bytes(), 0, nil
	}
	data := e.zstd.EncodeAll(c.dictionary, e.packed[:0]) // always compressed: its header cannot say that it is not
	e.packed = data
	h := format.PageHeader{
		Type: format.DictionaryPage, UncompressedPageSize: int32(len(c.dictionary)), CompressedPageSize: int32(len(data)), CRC: int32(crc32.ChecksumIEEE(data)),
		DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{NumValues: int32(len(c.places)), Encoding: format.Plain}),
	}
	var out bytes.Buffer
	if err := c.add(&out, &h, e, format.Plain, data); err != nil {
		return nil, 0, err
	}
	pages := int64(out.Len())
	out.Write(c.pages.Bytes())
	return out.Bytes(), pages, nil
}
