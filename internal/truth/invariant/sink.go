package invariant

import "tcptrace/analyzer"

// Reporter is told of what is wrong: a test.
type Reporter interface {
	Errorf(format string, args ...any)
}

// Storyteller tells the story of a conversation (report.Story).
type Storyteller func(c *analyzer.Conversation, j *analyzer.Judgment) []string

// Sink is next, with each conversation checked before next gets it. The story is checked if story is not nil.
func Sink(t Reporter, next analyzer.Sink, story Storyteller) analyzer.Sink {
	s := &sink{next, inspector{t: t, story: story}}
	if e, ok := next.(encoding); ok {
		return &encoder{s, e}
	}
	return s
}

// inspector checks conversations, in one goroutine.
type inspector struct {
	t        Reporter
	story    Storyteller
	judgment analyzer.Judgment
}

func (i *inspector) inspect(c *analyzer.Conversation) {
	i.judgment.Judge(c)
	found := Check(c, &i.judgment)
	if i.story != nil {
		found = append(found, Story(c, &i.judgment, i.story(c, &i.judgment))...)
	}
	for _, f := range found {
		i.t.Errorf("stream %d, frames %d to %d: %s", c.Stream, c.FirstFrame, c.LastFrame, f)
	}
}

type sink struct {
	next analyzer.Sink
	inspector
}

func (s *sink) Conversation(c *analyzer.Conversation) error {
	s.inspect(c)
	return s.next.Conversation(c)
}

// encoding is a sink whose records several goroutines make.
type encoding interface {
	analyzer.Sink
	NewEncoder() func(b []byte, c *analyzer.Conversation) []byte
	Encoded(b []byte) error
}

// encoder is a sink that encodes on several goroutines.
type encoder struct {
	*sink
	next encoding
}

func (e *encoder) NewEncoder() func(b []byte, c *analyzer.Conversation) []byte {
	encode, inspector := e.next.NewEncoder(), &inspector{t: e.t, story: e.story}
	return func(b []byte, c *analyzer.Conversation) []byte {
		inspector.inspect(c)
		return encode(b, c)
	}
}

func (e *encoder) Encoded(b []byte) error { return e.next.Encoded(b) }
