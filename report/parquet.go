package report

import (
	"io"

	"tcptrace/analyzer"
	"tcptrace/fsm"
	"tcptrace/report/internal/columnar"
	"tcptrace/report/internal/record"
)

// Parquet writes conversation records as an Apache Parquet table, as the conversations come. It holds one row group in memory.
type Parquet struct {
	file *columnar.File
	enc  func([]byte, *analyzer.Conversation) []byte
	row  []byte
}

// NewParquet returns a report that writes to w.
func NewParquet(w io.Writer) *Parquet {
	return &Parquet{file: columnar.NewFile(w, columnar.Conversations()), enc: packConversations()}
}

// packConversations returns what appends the packed row of a conversation.
func packConversations() func([]byte, *analyzer.Conversation) []byte {
	var j analyzer.Judgment
	pack := packJudged()
	return func(b []byte, c *analyzer.Conversation) []byte {
		j.Judge(c)
		return pack(b, c, &j)
	}
}

// packJudged is packConversations for those that were judged.
func packJudged() func([]byte, *analyzer.Conversation, *analyzer.Judgment) []byte {
	var r Record
	return func(b []byte, c *analyzer.Conversation, j *analyzer.Judgment) []byte {
		FillRecord(&r, c, j)
		return columnar.Append(b, columnar.Conversations(), &r)
	}
}

// Conversation writes the record of c.
func (r *Parquet) Conversation(c *analyzer.Conversation) error {
	r.row = r.enc(r.row[:0], c)
	return r.file.Add(r.row)
}

// NewEncoder is for [analyzer.Sink].
func (r *Parquet) NewEncoder() func([]byte, *analyzer.Conversation) []byte {
	return packConversations()
}

// NewJudgedEncoder is NewEncoder for conversations that were judged.
func (r *Parquet) NewJudgedEncoder() func([]byte, *analyzer.Conversation, *analyzer.Judgment) []byte {
	return packJudged()
}

// Encoded is for [analyzer.Sink].
func (r *Parquet) Encoded(b []byte) error { return r.file.Add(b) }

// Finish writes what is held, and the footer of the file. The format has no place for the summary: see [Notes].
func (r *Parquet) Finish(*analyzer.Summary) error { return r.file.Close() }

// Reset begins another table, which it writes to w, in the memory of the one before, which is finished.
func (r *Parquet) Reset(w io.Writer) { r.file.Reset(w) }

// segmentsParquet writes segment records.
type segmentsParquet struct {
	file *columnar.File
	row  []byte
}

// NewSegmentsParquet returns a Timeline that writes segment records to w as an Apache Parquet table.
func NewSegmentsParquet(w io.Writer) Timeline {
	return &segmentsParquet{file: columnar.NewFile(w, columnar.Segments())}
}

// Segment writes the record of v.
func (r *segmentsParquet) Segment(v *analyzer.SegmentView) error {
	segment := NewSegmentRecord(v)
	r.row = columnar.Append(r.row[:0], columnar.Segments(), &segment)
	return r.file.Add(r.row)
}

// Finish ends the file.
func (r *segmentsParquet) Finish() error { return r.file.Close() }

// EventWriter writes events as they happen.
type EventWriter interface {
	// Event writes an event of a conversation.
	Event(ev *analyzer.Event) error
	// Kernel writes what a kernel says.
	Kernel(k *KernelState) error
	// Silent writes what a kernel says of a connection without packets.
	Silent(k *Silent) error
	// Cookies writes how many SYN cookies there were.
	Cookies(c *Cookies) error
	// Overflow writes that a listening socket had no room.
	Overflow(o *Overflow) error
	// Drops tells that the capture has lost total packets so far, if that is news.
	Drops(now analyzer.Time, total uint64) error
	// Statistics tells what goes on: how many conversations are open, their endpoints' states, the rates since it was last told, and
	// the summary so far.
	Statistics(now analyzer.Time, open int, states *[2][fsm.NumStates]uint64, s *analyzer.Summary) error
	// Flush writes what is held, as far as the format allows.
	Flush() error
	// Summary writes the last event, and all that is held.
	Summary(now analyzer.Time, s *analyzer.Summary, sel Selection) error
}

// eventsParquet writes events in the order in which they come.
type eventsParquet struct {
	file  *columnar.File
	row   []byte
	drops uint64 // that were told
	pace  record.Pace
}

// NewEventsParquet returns a writer of events to w as an Apache Parquet table, which is complete once the summary is written.
func NewEventsParquet(w io.Writer) EventWriter {
	return &eventsParquet{file: columnar.NewFile(w, columnar.Events())}
}

func (r *eventsParquet) add(e record.EventRecord) error {
	r.row = columnar.AppendEvent(r.row[:0], &e)
	return r.file.Add(r.row)
}

// Event implements EventWriter.
func (r *eventsParquet) Event(ev *analyzer.Event) error { return r.add(record.NewEventRecord(ev)) }

// Kernel implements EventWriter.
func (r *eventsParquet) Kernel(k *KernelState) error { return r.add(record.NewKernelRecord(k)) }

// Silent implements EventWriter.
func (r *eventsParquet) Silent(k *Silent) error { return r.add(record.NewSilentRecord(k)) }

// Cookies implements EventWriter.
func (r *eventsParquet) Cookies(c *Cookies) error { return r.add(record.NewCookiesRecord(c)) }

// Overflow implements EventWriter.
func (r *eventsParquet) Overflow(o *Overflow) error { return r.add(record.NewOverflowRecord(o)) }

// Drops implements EventWriter.
func (r *eventsParquet) Drops(now analyzer.Time, total uint64) error {
	if total <= r.drops {
		return nil
	}
	news := total - r.drops
	r.drops = total
	return r.add(record.NewDropsRecord(now, news, total))
}

// Statistics implements EventWriter.
func (r *eventsParquet) Statistics(now analyzer.Time, open int, states *[2][fsm.NumStates]uint64, s *analyzer.Summary) error {
	return r.add(record.NewStatisticsEvent(now, r.pace.Record(now, open, states, s), s))
}

// Flush does nothing: a table is written by row groups.
func (r *eventsParquet) Flush() error { return nil }

// Summary ends the file.
func (r *eventsParquet) Summary(now analyzer.Time, s *analyzer.Summary, sel Selection) error {
	if err := r.add(record.NewSummaryEvent(now, s, sel)); err != nil {
		return err
	}
	return r.file.Close()
}
