package paint

import (
	"image/color"
	"math"
	"strings"
	"unicode/utf8"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// Align is which part of a text is at its place.
type Align uint8

// The alignments.
const (
	Left Align = iota
	Center
	Right
)

// Text writes s, on the line y.
func (c *Canvas) Text(x, y float64, s string, f Font, fill Color, align Align) {
	c.text(x, y, s, f, c.theme[fill], align)
}

// TextOn is Text that is legible on a ground of some colour.
func (c *Canvas) TextOn(x, y float64, s string, f Font, ground Color, align Align) {
	c.text(x, y, s, f, on(c.theme[ground]), align)
}

func (c *Canvas) text(x, y float64, s string, f Font, fill color.Color, align Align) {
	s = printable(s)
	if s == "" {
		return
	}
	switch align {
	case Center:
		x -= c.Width(s, f) / 2
	case Right:
		x -= c.Width(s, f)
	}
	c.to.SetColor(fill)
	c.to.FillString(c.face(f), c.at(Point{x, y}), c.encoded(s))
}

// Width is that of s in pixels.
func (c *Canvas) Width(s string, f Font) float64 {
	face := c.face(f)
	return float64(face.Width(s) / px)
}

// Fit is s, or as much of its beginning as width holds, with an ellipsis.
func (c *Canvas) Fit(s string, f Font, width float64) string {
	s = printable(s)
	if c.Width(s, f) <= width {
		return s
	}
	runes := []rune(s)
	n := min(len(runes), int(width)) // no character is narrower than a pixel
	for n > 0 && c.Width(string(runes[:n])+"…", f) > width {
		n--
	}
	if n == 0 {
		return ""
	}
	return string(runes[:n]) + "…"
}

// mostText is how many characters of a text are drawn at most.
const mostText = 400

// printable is s with nothing that SVG does not allow, and nothing that turns the direction of what follows.
func printable(s string) string {
	n := 0
	s = strings.Map(func(r rune) rune {
		if n++; n > mostText {
			return -1
		}
		if r == utf8.RuneError || !isDrawn(r) {
			return '?'
		}
		return r
	}, s)
	return s
}

// encoded is s as the canvas takes it: the fonts of a PDF have the characters of Windows-1252, by octets.
func (c *Canvas) encoded(s string) string {
	if c.format != "pdf" {
		return s
	}
	b := make([]byte, 0, len(s))
	for _, r := range s {
		switch {
		case r < 0x100:
			b = append(b, byte(r))
		case r == '…':
			b = append(b, 0x85)
		default:
			b = append(b, '?')
		}
	}
	return string(b)
}

// isDrawn reports whether the fonts may have r: they know the scripts up to Cyrillic, and punctuation.
func isDrawn(r rune) bool {
	return r >= ' ' && r < 0x7f || r >= 0xa1 && r < 0x530 && r != 0xad || r >= 0x2010 && r < 0x2028 || r >= 0x2190 && r < 0x2200
}

var regular, bold = parsed(liberationsansregular.TTF), parsed(liberationsansbold.TTF)

func parsed(ttf []byte) func() *opentype.Font {
	var f *opentype.Font
	return func() *opentype.Font {
		if f == nil {
			var err error
			if f, err = opentype.Parse(ttf); err != nil {
				panic(err) // it is part of the program
			}
		}
		return f
	}
}

func (c *Canvas) face(f Font) font.Face {
	if face, ok := c.faces[f]; ok {
		return face
	}
	face := font.Face{Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Length(f.Size) * px}, Face: regular()}
	if f.Bold && c.format != "pdf" { // vgpdf puts one font of a family into a file
		face.Font.Weight, face.Face = xfont.WeightBold, bold()
	}
	c.faces[f] = face
	return face
}

// TextAlong is Text along a line that falls from one point to another: from its beginning on, or up to it if it goes to the left.
func (c *Canvas) TextAlong(from, to Point, indent, above float64, s string, f Font, fill Color) {
	if s = printable(s); s == "" {
		return
	}
	angle := math.Atan2(to.Y-from.Y, to.X-from.X)
	start := Point{from.X + indent*math.Cos(angle), from.Y + indent*math.Sin(angle)}
	if to.X < from.X {
		angle -= math.Pi
		width := indent + c.Width(s, f)
		start = Point{from.X - width*math.Cos(angle), from.Y - width*math.Sin(angle)}
	}
	c.to.Push()
	c.to.Translate(c.at(start))
	c.to.Rotate(-angle)
	c.to.SetColor(c.theme[fill])
	c.to.FillString(c.face(f), vg.Point{Y: vg.Length(above) * px}, c.encoded(s))
	c.to.Pop()
}
