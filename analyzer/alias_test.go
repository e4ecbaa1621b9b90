package analyzer_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAliasesNameTheirHome: go doc shows no fields of an alias, so its text says where they are.
func TestAliasesNameTheirHome(t *testing.T) {
	structs := 0
	for name, spec := range typesIn(t, ".") {
		target, ok := spec.Type.(*ast.SelectorExpr)
		if !ok || !spec.Assign.IsValid() {
			continue
		}
		home := "internal/" + target.X.(*ast.Ident).Name
		if _, err := os.Stat(home); err != nil {
			continue // a package of the public API
		}
		if _, ok := typesIn(t, home)[target.Sel.Name].Type.(*ast.StructType); !ok {
			continue
		}
		structs++
		if line := "Its fields: go doc ./analyzer/" + home + " " + target.Sel.Name + "\n"; !strings.HasSuffix(spec.Doc.Text(), line) {
			t.Errorf("the text of %s does not end in %s", name, line)
		}
	}
	if structs == 0 {
		t.Error("there are no aliases of structs")
	}
}

// typesIn are the types that a package declares. Each has its text.
func typesIn(t *testing.T, dir string) map[string]*ast.TypeSpec {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]*ast.TypeSpec{}
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			if gen, ok := decl.(*ast.GenDecl); ok && gen.Tok == token.TYPE {
				for _, s := range gen.Specs {
					spec := s.(*ast.TypeSpec)
					if spec.Doc == nil {
						spec.Doc = gen.Doc
					}
					types[spec.Name.Name] = spec
				}
			}
		}
	}
	return types
}
