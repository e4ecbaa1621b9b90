package condition

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"

	"tcptrace/report/internal/human"
	"tcptrace/report/internal/record"
)

// closedSets are the words of fields that take no others, by the last part of the field's name.
var closedSets = record.WordsByName()

// checkWords finds a word that a field is compared with and never is. "" is what is not known.
func checkWords(n *ast.BinaryNode) error {
	if !slices.Contains([]string{"==", "!=", "in"}, n.Operator) {
		return nil
	}
	for _, pair := range [][2]ast.Node{{n.Left, n.Right}, {n.Right, n.Left}} {
		name := lastName(pair[0])
		set := closedSets[name]
		if set == nil {
			continue
		}
		for _, word := range literals(pair[1]) {
			if word != "" && !slices.Contains(set, word) {
				return fmt.Errorf("%s is never %q: %s", name, word, suggestWord(word, set))
			}
		}
	}
	return nil
}

// lastName is the last part of the name of a field, "" of what is none.
func lastName(node ast.Node) string {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		return n.Value
	case *ast.MemberNode:
		if s, ok := n.Property.(*ast.StringNode); ok {
			return s.Value
		}
	}
	return ""
}

// literals are the strings that a node is made of.
func literals(node ast.Node) (words []string) {
	switch n := node.(type) {
	case *ast.StringNode:
		return []string{n.Value}
	case *ast.ArrayNode:
		for _, e := range n.Nodes {
			words = append(words, literals(e)...)
		}
	}
	return words
}

// mostWords is how many are listed at most.
const mostWords = 16

// suggestWord says which word of a set was meant, or which there are.
func suggestWord(word string, set []string) string {
	if near := human.Nearest(word, set); near != "" {
		return near
	}
	var alike []string // those that have its letters in their order
	for _, w := range set {
		if hasLetters(w, word) {
			alike = append(alike, strconv.Quote(w))
		}
	}
	switch {
	case len(alike) == 1:
		return "did you mean " + alike[0] + "?"
	case len(set) <= mostWords:
		return "it is " + strings.Join(set[:len(set)-1], ", ") + " or " + set[len(set)-1]
	}
	return "'tcptrace schema conversation' has the words"
}

// hasLetters reports whether word has all letters in their order, whatever is between them, in either case.
func hasLetters(word, letters string) bool {
	rest := []rune(strings.ToLower(word))
	for _, letter := range strings.ToLower(letters) {
		i := slices.Index(rest, letter)
		if i < 0 {
			return false
		}
		rest = rest[i+1:]
	}
	return true
}
