package view

import (
	"slices"
	"strings"
	"unicode"
)

const longestExpression = 4096 // runes that can be typed

// prompt is a line that is being typed.
type prompt struct {
	text []rune
	at   int // of the cursor
}

func newPrompt(text string) prompt {
	p := prompt{}
	p.insert(text)
	return p
}

func (p *prompt) String() string { return string(p.text) }

// insert types text; what cannot be shown is left out.
func (p *prompt) insert(text string) {
	for _, r := range text {
		if unicode.IsSpace(r) {
			r = ' '
		}
		if len(p.text) < longestExpression && plain(string(r)) == string(r) {
			p.text = slices.Insert(p.text, p.at, r)
			p.at++
		}
	}
}

// promptKeys are the keys that move and delete.
var promptKeys = map[string]func(p *prompt){
	"left":      func(p *prompt) { p.at = max(0, p.at-1) },
	"right":     func(p *prompt) { p.at = min(len(p.text), p.at+1) },
	"home":      func(p *prompt) { p.at = 0 },
	"ctrl+a":    func(p *prompt) { p.at = 0 },
	"end":       func(p *prompt) { p.at = len(p.text) },
	"ctrl+e":    func(p *prompt) { p.at = len(p.text) },
	"backspace": func(p *prompt) { p.remove(max(0, p.at-1), p.at) },
	"delete":    func(p *prompt) { p.remove(p.at, min(len(p.text), p.at+1)) },
	"ctrl+u":    func(p *prompt) { p.remove(0, p.at) },
	"ctrl+k":    func(p *prompt) { p.remove(p.at, len(p.text)) },
	"ctrl+w": func(p *prompt) {
		before := strings.TrimRight(string(p.text[:p.at]), " ")
		p.remove(len([]rune(before[:strings.LastIndexByte(before, ' ')+1])), p.at)
	},
}

func (p *prompt) remove(from, to int) {
	p.text = slices.Delete(p.text, from, to)
	p.at = from
}
