package kernel

import (
	"bytes"
	"errors"
	"testing"
)

// TestServe: a helper that cannot give up its rights answers nothing.
func TestServe(t *testing.T) {
	cannot := errors.New("cannot")
	for _, c := range []struct {
		err     error
		answers int
	}{{nil, len(appendAnswer(nil, nil, 0))}, {cannot, 0}} {
		var answers bytes.Buffer
		question := bytes.NewReader(make([]byte, 4)) // about no sockets
		if err := serve(func() error { return c.err }, question, &answers); !errors.Is(err, c.err) || answers.Len() != c.answers {
			t.Errorf("%v: %v, %d bytes of answers", c.err, err, answers.Len())
		}
	}
}
