package page

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"regexp"
	"strings"
	"sync"
)

//go:embed assets/*.mjs assets/style.css assets/page.html
var assets embed.FS

// modules are the modules of the script, each behind those that it imports.
var modules = []string{
	"format", "data", "filter", "scale", "series", "link",
	"dom", "theme", "canvas", "findings", "timeline", "table", "lanes", "graphs", "diagram", "parts", "conversation", "main",
}

// live is the module that takes the data from a server, which the page of a live analysis has and a file does not.
const live = "live"

var shell = template.Must(template.ParseFS(assets, "assets/page.html"))

// parts are the style and the script as they stand in the page, and the policy that lets them, and nothing else, in.
type parts struct {
	style  template.CSS
	script template.JS
	policy string
}

// header is what the head of the page is made of.
type header struct {
	Title  string
	Policy string
	Style  template.CSS
}

func (a *parts) head(title string) header { return header{title, a.policy, a.style} }

// ofFile and ofLive are the assets of a file, and of a live page, which may ask where it came from for more. They are made once.
var (
	ofFile = sync.OnceValues(func() (*parts, error) { return loadAssets(false) })
	ofLive = sync.OnceValues(func() (*parts, error) { return loadAssets(true) })
)

// loadAssets makes the script of the modules.
func loadAssets(isLive bool) (*parts, error) {
	style, err := assets.ReadFile("assets/style.css")
	if err != nil {
		return nil, err
	}
	list, first, more := modules, "main", ""
	if isLive {
		list, first, more = append(modules[:len(modules):len(modules)], live), live, " connect-src 'self';"
	}
	script, err := bundle(list, first)
	if err != nil {
		return nil, err
	}
	a := &parts{style: template.CSS(style), script: template.JS(script)}
	a.policy = fmt.Sprintf("default-src 'none'; script-src %s; style-src %s;%s base-uri 'none'; form-action 'none'", hash(script), hash(string(style)), more)
	return a, nil
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

var (
	imports = regexp.MustCompile(`(?m)^import (\{[^}]*\}) from "\./(\w+)\.mjs";$`)
	exports = regexp.MustCompile(`(?m)^export ((?:async )?(?:function|class|const) (\w+))`)
)

// bundle makes one script of modules, since a page that is opened from a disk cannot import any: each becomes a function that returns
// what it exports. The script begins with what first exports as start.
func bundle(list []string, first string) (string, error) {
	var b strings.Builder
	b.WriteString("\"use strict\";\n(() => {\nconst modules = {};\n")
	for _, name := range list {
		text, err := assets.ReadFile("assets/" + name + ".mjs")
		if err != nil {
			return "", err
		}
		var names []string
		for _, m := range exports.FindAllStringSubmatch(string(text), -1) {
			names = append(names, m[2])
		}
		body := exports.ReplaceAllString(imports.ReplaceAllString(string(text), "const $1 = modules.$2;"), "$1")
		fmt.Fprintf(&b, "modules.%s = (() => {\n%sreturn { %s };\n})();\n", name, body, strings.Join(names, ", "))
	}
	fmt.Fprintf(&b, "modules.%s.start();\n})();\n", first)
	return b.String(), nil
}
