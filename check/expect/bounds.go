package expect

import (
	"fmt"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// A file may come from a repository that nobody has read, and the parser takes memory for every level, and for a mapping time by the square of
// its entries. So what a file may have is bounded, and known before it is parsed.
const (
	maxDepth   = 100  // flow collections within each other
	maxColumn  = 200  // of a block's entries; each level takes one at least
	maxEntries = 1000 // of a mapping
)

// MaxText is the size in bytes of the longest expectation that is read, and of the longest project file. An expectation written by --init has about
// 3 kB for each conversation.
const MaxText = 1 << 20

// tooLarge says where a text goes beyond the bounds, and how; "" if nowhere.
func tooLarge(text []byte) (line int, why string) {
	if len(text) > MaxText {
		return 0, fmt.Sprintf("more than %d bytes", MaxText)
	}
	var s structure
	before := 1 // column of the token before, which is the key in front of a colon
	for _, t := range lexer.Tokenize(string(text)) {
		if why = s.add(t, before); why != "" {
			return t.Position.Line, why
		}
		before = t.Position.Column
	}
	return 0, ""
}

// structure is where in a text its tokens have come to.
type structure struct {
	flow   []int     // entries of the flow collections that are open
	blocks []entries // of the block mappings that are open, by column
}

type entries struct{ column, n int }

// add goes on by a token. before is the column of the one before.
func (s *structure) add(t *token.Token, before int) string {
	inFlow := len(s.flow) > 0
	switch t.Type {
	case token.SequenceStartType, token.MappingStartType:
		if s.flow = append(s.flow, 0); len(s.flow) > maxDepth {
			return fmt.Sprintf("more than %d collections are within each other", maxDepth)
		}
	case token.SequenceEndType, token.MappingEndType:
		s.flow = s.flow[:max(0, len(s.flow)-1)]
	case token.SequenceEntryType, token.MappingKeyType:
		if !inFlow {
			s.close(t.Position.Column)
			return s.deep(t.Position.Column)
		}
	case token.MappingValueType:
		if inFlow {
			s.flow[len(s.flow)-1]++
			return many(s.flow[len(s.flow)-1])
		}
		s.close(before)
		if n := len(s.blocks); n == 0 || s.blocks[n-1].column < before {
			s.blocks = append(s.blocks, entries{column: before})
		}
		top := &s.blocks[len(s.blocks)-1]
		if top.n++; top.n > maxEntries {
			return many(top.n)
		}
		return s.deep(before)
	}
	return ""
}

// close ends the block mappings that are further right.
func (s *structure) close(column int) {
	for n := len(s.blocks); n > 0 && s.blocks[n-1].column > column; n-- {
		s.blocks = s.blocks[:n-1]
	}
}

func (s *structure) deep(column int) string {
	if column > maxColumn {
		return fmt.Sprintf("an entry begins in column %d, beyond %d", column, maxColumn)
	}
	return ""
}

func many(n int) string {
	if n > maxEntries {
		return fmt.Sprintf("a mapping has more than %d entries", maxEntries)
	}
	return ""
}
