package paint

import (
	"bytes"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"
)

// px is the length of a pixel.
const px = vg.Inch / 96

// fine is how many dots there are to the width of a pixel before a PNG is made of them.
const fine = 2

// Formats are those in which a canvas can be written.
var Formats = []string{"svg", "png", "pdf"}

// Canvas is what a picture is drawn on.
type Canvas struct {
	W, H float64 // pixels

	theme  *Theme
	format string
	title  string
	to     vg.CanvasWriterTo
	faces  map[Font]font.Face
}

// Point is a place on a canvas.
type Point struct{ X, Y float64 }

// Font is how text looks.
type Font struct {
	Size float64 // pixels
	Bold bool
}

// New is an empty canvas for one of Formats. title says what the picture shows, to those who cannot see it.
func New(format, title string, w, h int, dark bool) *Canvas {
	c := &Canvas{W: float64(w), H: float64(h), theme: &Light, format: format, title: title, faces: map[Font]font.Face{}}
	if dark {
		c.theme = &Dark
	}
	width, height := vg.Length(w)*px, vg.Length(h)*px
	switch format {
	case "png":
		c.to = vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(96*fine), vgimg.UseBackgroundColor(c.theme[Paper]))}
	case "pdf":
		c.to = vgpdf.New(width, height)
	default:
		c.to = vgsvg.New(width, height)
	}
	c.Rect(0, 0, c.W, c.H, Paper, 1)
	return c
}

func (c *Canvas) at(p Point) vg.Point {
	return vg.Point{X: vg.Length(p.X) * px, Y: vg.Length(c.H-p.Y) * px}
}

// Pen is how a line looks. The zero Dash is a line without gaps.
type Pen struct {
	Color Color
	Width float64 // pixels
	Dash  float64 // of dashes and gaps
}

func (c *Canvas) use(p Pen) {
	c.to.SetColor(c.theme[p.Color])
	c.to.SetLineWidth(vg.Length(p.Width) * px)
	var dash []vg.Length
	if p.Dash > 0 {
		dash = []vg.Length{vg.Length(p.Dash) * px, vg.Length(p.Dash) * px}
	}
	c.to.SetLineDash(dash, 0)
}

// mostDots is how many points a path has at most where a picture is made of dots: the time that it takes to draw one grows with the square
// of them.
const mostDots = 64

// most is how many points a path has at most.
func (c *Canvas) most() int {
	if c.format == "png" {
		return mostDots
	}
	return math.MaxInt
}

// Lines draws lines through points, each list by itself.
func (c *Canvas) Lines(p Pen, lists ...[]Point) {
	c.use(p)
	var path vg.Path
	for _, points := range lists {
		for i, at := range points {
			if i == 0 {
				path.Move(c.at(at))
				continue
			}
			path.Line(c.at(at))
			if len(path) >= c.most() {
				c.to.Stroke(path)
				path = append(path[:0:0], vg.PathComp{Type: vg.MoveComp, Pos: c.at(at)})
			}
		}
	}
	if len(path) > 1 {
		c.to.Stroke(path)
	}
}

// Below fills what is between a line, which goes to the right, and the bottom of a chart.
func (c *Canvas) Below(points []Point, bottom float64, fill Color, opacity float64) {
	for first := 0; first < len(points)-1; {
		last := len(points) - 1
		if n := c.most(); last-first > n {
			last = first + n
		}
		area := append([]Point{{points[first].X, bottom}}, points[first:last+1]...)
		c.Area(append(area, Point{points[last].X, bottom}), fill, opacity)
		first = last
	}
}

// Area fills what points surround.
func (c *Canvas) Area(points []Point, fill Color, opacity float64) {
	c.area(points, faded(c.theme[fill], opacity))
}

func (c *Canvas) area(points []Point, fill color.Color) {
	if len(points) < 3 {
		return
	}
	var path vg.Path
	path.Move(c.at(points[0]))
	for _, at := range points[1:] {
		path.Line(c.at(at))
	}
	path.Close()
	c.to.SetColor(fill)
	c.to.Fill(path)
}

// Rect fills a rectangle.
func (c *Canvas) Rect(x, y, w, h float64, fill Color, opacity float64) {
	c.Area([]Point{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}}, fill, opacity)
}

// Dots draws a disc at each point.
func (c *Canvas) Dots(points []Point, radius float64, fill Color, opacity float64) {
	c.to.SetColor(faded(c.theme[fill], opacity))
	var path vg.Path
	for i, at := range points {
		middle := c.at(at)
		path.Move(vg.Point{X: middle.X + vg.Length(radius)*px, Y: middle.Y})
		path.Arc(middle, vg.Length(radius)*px, 0, 2*math.Pi)
		path.Close()
		if len(path) >= c.most() || i == len(points)-1 {
			c.to.Fill(path)
			path = path[:0:0]
		}
	}
}

// Hatch draws lines across a rectangle, from lower left to upper right.
func (c *Canvas) Hatch(x, y, w, h, gap float64, p Pen) {
	var lists [][]Point
	for d := gap; d < w+h; d += gap {
		from, to := Point{x, y + d}, Point{x + d, y}
		if d > h {
			from = Point{x + d - h, y + h}
		}
		if d > w {
			to = Point{x + w, y + d - w}
		}
		lists = append(lists, []Point{from, to})
	}
	c.Lines(p, lists...)
}

// WriteTo writes the picture.
func (c *Canvas) WriteTo(w io.Writer) (int64, error) {
	switch c.format {
	case "png":
		count := counter{w: w}
		err := png.Encode(&count, c.pixels())
		return count.n, err
	case "pdf":
		return c.to.WriteTo(w)
	}
	var b bytes.Buffer
	if _, err := c.to.WriteTo(&b); err != nil {
		return 0, err
	}
	n, err := w.Write(c.named(b.Bytes()))
	return int64(n), err
}

// counter counts what is written.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// pixels are each the mean of the dots that were drawn in it: text and lines are smoother than at the size of pixels.
func (c *Canvas) pixels() image.Image {
	dots := c.to.(vgimg.PngCanvas).Image().(*image.RGBA)
	out := image.NewRGBA(image.Rect(0, 0, int(c.W), int(c.H)))
	for y := range out.Rect.Max.Y {
		for i := range out.Rect.Max.X * 4 {
			x, sum := i/4*4*fine+i%4, 2
			for row := range fine {
				for column := range fine {
					sum += int(dots.Pix[(y*fine+row)*dots.Stride+x+4*column])
				}
			}
			out.Pix[y*out.Stride+i] = uint8(sum / (fine * fine))
		}
	}
	return out
}

// named is an SVG with a title, and with fonts in place of those that a system may not have; they are as wide. In text no quotation mark
// stands unescaped, so that only attributes are replaced.
func (c *Canvas) named(svg []byte) []byte {
	const before = "<!-- Generated by SVGo and Plotinum VG -->\n<svg "
	head := fmt.Sprintf("<svg role=\"img\" aria-label=\"%s\" ", html.EscapeString(printable(c.title)))
	svg = bytes.Replace(svg, []byte(before), []byte(head), 1)
	return bytes.ReplaceAll(svg, []byte(`style="font-family:Liberation Sans;font-variant:normal;`), []byte(`style="font-family:'Liberation Sans',Arial,Helvetica,sans-serif;`))
}

// Arrow draws a line with a head at its end.
func (c *Canvas) Arrow(p Pen, from, to Point) {
	c.Lines(p, []Point{from, to})
	angle := math.Atan2(to.Y-from.Y, to.X-from.X)
	const long, wide = 9, 3.6
	back := Point{to.X - long*math.Cos(angle), to.Y - long*math.Sin(angle)}
	c.Area([]Point{to, {back.X - wide*math.Sin(angle), back.Y + wide*math.Cos(angle)}, {back.X + wide*math.Sin(angle), back.Y - wide*math.Cos(angle)}}, p.Color, 1)
}

// Cross marks where something ends.
func (c *Canvas) Cross(p Pen, at Point, size float64) {
	c.Lines(p, []Point{{at.X - size, at.Y - size}, {at.X + size, at.Y + size}}, []Point{{at.X - size, at.Y + size}, {at.X + size, at.Y - size}})
}
