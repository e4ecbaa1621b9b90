package analyzer_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tcptrace/analyzer/internal/flow"
	"tcptrace/report"
)

// What Run looks for in a sink.
var (
	_ flow.Encoder    = (*report.NDJSON)(nil)
	_ flow.Unnumbered = (*report.NDJSON)(nil)
	_ flow.Selective  = (*report.Table)(nil)
)

// mostNames bounds the constants, types, variables and functions that the package exports: no more than a reader can look through.
const mostNames = 150

// TestExportedNames: the package stays small, and has nothing that neither the rest of the module nor an example uses.
func TestExportedNames(t *testing.T) {
	files := token.NewFileSet()
	root := os.DirFS("..")
	exported, used := map[string]bool{}, map[string]bool{}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".go" {
			return err
		}
		own := filepath.Dir(name) == "analyzer"
		test, example := strings.HasSuffix(name, "_test.go"), strings.HasPrefix(filepath.Base(name), "example")
		if own && test && !example {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(files, name, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if own && !test {
			declared(syntax, exported, used)
		} else {
			ast.Inspect(syntax, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					if of, ok := s.X.(*ast.Ident); ok && of.Name == "analyzer" {
						used[s.Sel.Name] = true
					}
				}
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(exported); n > mostNames || n < 50 {
		t.Errorf("the package exports %d names, at most %d are wanted", n, mostNames)
	}
	for name := range exported {
		if !used[name] {
			t.Errorf("nothing outside the package, and no example, uses %s", name)
		}
	}
}

// declared adds what a file of the package declares to exported, and the types of fields, parameters and results of that to used.
func declared(f *ast.File, exported, used map[string]bool) {
	note := func(id *ast.Ident) {
		if id.IsExported() {
			exported[id.Name] = true
		}
	}
	signature := func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && id.IsExported() {
				used[id.Name] = true
			}
			return true
		})
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				note(d.Name)
			}
			if d.Name.IsExported() {
				signature(d.Type)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.ValueSpec:
					for _, id := range s.Names {
						note(id)
					}
				case *ast.TypeSpec:
					note(s.Name)
					if body, ok := s.Type.(*ast.StructType); ok && s.Name.IsExported() {
						for _, field := range body.Fields.List {
							signature(field.Type)
						}
					}
				}
			}
		}
	}
}
