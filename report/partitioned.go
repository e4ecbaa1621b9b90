package report

import (
	"encoding/binary"
	"io"

	"tcptrace/analyzer"
	"tcptrace/report/internal/columnar"
)

// Partitioning says how the rows of a table are divided among directories.
type Partitioning struct {
	column string
	layout string // of a time; "": it is the address of the server
}

// Partitionings are the values of --partition-by.
var Partitionings = Choices[Partitioning]{
	{"day", "the day of the first packet, UTC", Partitioning{"day", "2006-01-02"}},
	{"hour", "its hour", Partitioning{"hour", "2006-01-02T15"}},
	{"server", "the address of the server", Partitioning{column: "server_ip"}},
}

// ByTime reports whether rows without a server can be divided in this way.
func (p Partitioning) ByTime() bool { return p.layout != "" }

// append appends the value of a row.
func (p *Partitioning) append(b []byte, t analyzer.Time, c *analyzer.Conversation) []byte {
	if p.ByTime() {
		return t.Time().UTC().AppendFormat(b, p.layout)
	}
	return c.Addr[analyzer.Server].Addr().AppendTo(b)
}

// partitioned writes rows of a table to the directories of their partitions.
type partitioned struct {
	by       Partitioning
	parts    *columnar.Partitions
	key, row []byte
	encode   func([]byte, *analyzer.Conversation) []byte // for who has no encoder of its own; nil: not used so far
}

func newPartitioned(by Partitioning, t *columnar.Table, create func(name string) (io.WriteCloser, error)) partitioned {
	return partitioned{by: by, parts: columnar.NewPartitions(t, create)}
}

func (p *partitioned) add(t analyzer.Time, c *analyzer.Conversation) error {
	p.key = p.by.append(p.key[:0], t, c)
	return p.parts.Add(p.by.column, p.key, p.row)
}

type partitionedConversations struct{ partitioned }

// NewPartitionedParquet returns a report that writes conversation records as Apache Parquet tables, to files that create makes. Their names have
// slashes, in the style of Hive: day=2026-03-02/part-0.parquet.
func NewPartitionedParquet(by Partitioning, create func(name string) (io.WriteCloser, error)) Report {
	return &partitionedConversations{newPartitioned(by, columnar.Conversations(), create)}
}

// Conversation implements Report.
func (p *partitionedConversations) Conversation(c *analyzer.Conversation) error {
	if p.encode == nil {
		p.encode = p.NewEncoder()
	}
	p.row = p.encode(p.row[:0], c)
	return p.Encoded(p.row)
}

// headSize is what comes before an encoded row: how long the value is that it is partitioned by, which comes next, and how long the row is.
const headSize = 2 + 4

// NewEncoder is for [analyzer.Sink].
func (p *partitionedConversations) NewEncoder() func([]byte, *analyzer.Conversation) []byte {
	by, pack := p.by, packConversations()
	return func(b []byte, c *analyzer.Conversation) []byte {
		head := len(b)
		b = by.append(append(b, make([]byte, headSize)...), c.Start, c)
		row := len(b)
		b = pack(b, c)
		binary.BigEndian.PutUint16(b[head:], uint16(row-head-headSize))
		binary.BigEndian.PutUint32(b[head+2:], uint32(len(b)-row))
		return b
	}
}

// Encoded is for [analyzer.Sink]: there may be several rows.
func (p *partitionedConversations) Encoded(b []byte) error {
	for len(b) > 0 {
		row := headSize + int(binary.BigEndian.Uint16(b))
		end := row + int(binary.BigEndian.Uint32(b[2:]))
		if err := p.parts.Add(p.by.column, b[headSize:row], b[row:end]); err != nil {
			return err
		}
		b = b[end:]
	}
	return nil
}

// Finish implements Report.
func (p *partitionedConversations) Finish(*analyzer.Summary) error { return p.parts.Close() }

type partitionedSegments struct{ partitioned }

// NewPartitionedSegments is like NewPartitionedParquet, for segment records, by time.
func NewPartitionedSegments(by Partitioning, create func(name string) (io.WriteCloser, error)) Timeline {
	return &partitionedSegments{newPartitioned(by, columnar.Segments(), create)}
}

// Segment implements Timeline.
func (p *partitionedSegments) Segment(v *analyzer.SegmentView) error {
	segment := NewSegmentRecord(v)
	p.row = columnar.Append(p.row[:0], columnar.Segments(), &segment)
	return p.add(v.Time, nil)
}

// Finish implements Timeline.
func (p *partitionedSegments) Finish() error { return p.parts.Close() }
