package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// root is the module's folder as seen from this test.
const root = "../.."

// module is the module's path, as every import of ours begins.
const module = "github.com/caddy-dcr/caddy-dcr"

// built are the folders that make and git leave at the top; nobody keeps them.
var built = []string{".git", ".cache", "bin"}

// source is one Go file of the module.
type source struct {
	// path is relative to the module, with slashes; room is its folder.
	path, room string
	lines      int
	test       bool
	imports    []string
	tree       *ast.File
	files      *token.FileSet
}

// sources parses every Go file of the module.
func sources(t *testing.T) []source {
	t.Helper()
	var found []source
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		relative = filepath.ToSlash(relative)
		if entry.IsDir() {
			if slices.Contains(built, relative) || entry.Name() == "testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(relative, ".go") {
			return nil
		}
		parsed, err := parse(name, relative)
		found = append(found, parsed)
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, found, "no Go file found under %s", root)
	return found
}

func parse(name, relative string) (source, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return source{}, err
	}
	files := token.NewFileSet()
	tree, err := parser.ParseFile(files, name, text, parser.ParseComments)
	if err != nil {
		return source{}, err
	}
	file := source{
		path:  relative,
		room:  path.Dir(relative),
		lines: strings.Count(string(text), "\n"),
		test:  strings.HasSuffix(relative, "_test.go"),
		tree:  tree,
		files: files,
	}
	for _, spec := range tree.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return source{}, err
		}
		file.imports = append(file.imports, imported)
	}
	return file, nil
}

// rooms are the folders that hold Go files, sorted.
func rooms(files []source) []string {
	var names []string
	for _, file := range files {
		names = append(names, file.room)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// matches says whether a slash-separated path is one of the patterns: itself,
// or, for a pattern that ends in "/...", what it begins with.
func matches(name string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		prefix, open := strings.CutSuffix(pattern, "/...")
		return name == prefix || open && strings.HasPrefix(name, prefix+"/")
	})
}
