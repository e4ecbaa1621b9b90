package columnar

import (
	"fmt"
	"io"
)

// Bounds of what is partitioned. Partitions beyond the most are one, whose rows have no value for what they are partitioned by: a file for each
// of a million servers would take more room than the capture, and time.
const (
	mostPartitions = 1000
	heldBytes      = 64 << 20 // of packed rows
)

// nullPartition is the value that Hive, Spark, DuckDB and Arrow read as null.
const nullPartition = "__HIVE_DEFAULT_PARTITION__"

// Partitions are files of one table, each with the rows of a partition. Rows are held until there are too many, and then those of the
// largest partition are written to a file: one file is open at a time, and there are few small ones.
type Partitions struct {
	table  *Table
	create func(name string) (io.WriteCloser, error)
	file   *File // in whose memory the next is written
	byKey  map[string]*partition
	order  []*partition
	spare  []byte // room for the rows of a partition
	held   int
	most   int // bytes to hold
}

type partition struct {
	dir   string
	rows  []byte
	parts int // files
}

// NewPartitions returns what writes files named by create: their names have slashes.
func NewPartitions(t *Table, create func(name string) (io.WriteCloser, error)) *Partitions {
	return &Partitions{table: t, create: create, byKey: map[string]*partition{}, most: heldBytes}
}

// Add takes a packed row of the partition whose value is key of the column name. It keeps neither.
func (p *Partitions) Add(name string, key, row []byte) error {
	part := p.byKey[string(key)]
	if part == nil {
		part = p.partition(name, string(key))
	}
	if part.rows == nil {
		part.rows, p.spare = p.spare, nil
	}
	part.rows = append(part.rows, row...)
	if p.held += len(row); p.held < p.most {
		return nil
	}
	for _, other := range p.order {
		if len(other.rows) > len(part.rows) {
			part = other
		}
	}
	return p.write(part)
}

// partition begins a partition.
func (p *Partitions) partition(name, key string) *partition {
	dir := Escape(key)
	if len(p.order) >= mostPartitions {
		dir = nullPartition
		if part := p.byKey[dir]; part != nil {
			return part
		}
		key = dir
	}
	part := &partition{dir: name + "=" + dir}
	p.byKey[key], p.order = part, append(p.order, part)
	return part
}

// Escape spells a value as Hive does in the name of a directory: bytes but letters, digits, '.', '_' and '-' by their numbers. It is never a path.
func Escape(value string) string {
	b := make([]byte, 0, len(value))
	for i := range len(value) {
		c := value[i]
		switch {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c == '.', c == '_', c == '-':
			b = append(b, c)
		default:
			b = fmt.Appendf(b, "%%%02X", c)
		}
	}
	return string(b)
}

// write writes the rows of a partition to its next file.
func (p *Partitions) write(part *partition) error {
	w, err := p.create(fmt.Sprintf("%s/part-%d.parquet", part.dir, part.parts))
	if err != nil {
		return err
	}
	if p.file == nil {
		p.file = NewFile(w, p.table)
	} else {
		p.file.Reset(w)
	}
	err = p.file.Add(part.rows)
	if err == nil {
		err = p.file.Close()
	}
	if closed := w.Close(); err == nil {
		err = closed
	}
	p.held -= len(part.rows)
	p.spare, part.rows, part.parts = part.rows[:0], nil, part.parts+1
	return err
}

// Close writes what is held.
func (p *Partitions) Close() error {
	for _, part := range p.order {
		if len(part.rows) > 0 {
			if err := p.write(part); err != nil {
				return err
			}
		}
	}
	return nil
}
