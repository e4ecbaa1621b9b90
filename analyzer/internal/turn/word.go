package turn

// Word is what an endpoint said last.
type Word uint8

// The words.
const (
	Plain     Word = iota
	Pushed         // it went on by itself after a silence, or spoke when no answer was due
	Quick          // at once behind what its peer said: a question of a program, or, if it is small, an acknowledgement
	Replied        // that, and behind what was pushed: if it is small, no answer is due
	Late           // it kept its peer waiting
	LateToACK      // it did, and the peer's last word may be an acknowledgement
)

// Turns are those of an endpoint.
type Turns struct {
	Slow       uint16 // times it took a second or longer to answer
	Unprompted uint16 // times it went on after so long although its peer had sent no data meanwhile: it waits for no answer
	quick      acks   // words that were quick
	replied    acks   // and those that were behind what was pushed
	Said       Word
}

// acks are small words that may be acknowledgements, and those of them that were answered soon.
type acks struct{ n, answered uint8 }

// of are those of the kind of its last word.
func (t *Turns) of() *acks {
	if t.Said == Replied {
		return &t.replied
	}
	return &t.quick
}

// Asks reports whether the last word, if it may be an acknowledgement, is rather a question: most of its kind are answered, or half of those behind what
// was pushed.
func (t *Turns) Asks() bool {
	if t.Said == Replied {
		return 2*uint16(t.replied.answered) >= uint16(t.replied.n)
	}
	return 2*uint16(t.quick.answered) > uint16(t.quick.n)
}

// Count counts its last word among those that may be acknowledgements.
func (t *Turns) Count() { tick8(&t.of().n) }

// Answered notes that its last word, which may be an acknowledgement, was answered soon.
func (t *Turns) Answered() { tick8(&t.of().answered) }

// tick8 adds one, up to what the counter holds.
func tick8(n *uint8) {
	if *n < 1<<8-1 {
		*n++
	}
}
