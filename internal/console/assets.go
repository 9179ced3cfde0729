package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed assets templates
var files embed.FS

// The style sheet is one file for the browser, and several for whoever writes
// it. The address of an asset holds the hash of what it is, so that a browser
// keeps it until it changes.
var (
	styles     = concatenated("assets/tokens.css", "assets/base.css", "assets/frame.css", "assets/components.css", "assets/pages.css")
	script     = concatenated("assets/console.js")
	picture    = concatenated("assets/icon.svg")
	stylesPath = addressed(styles, "css")
	scriptPath = addressed(script, "js")
	iconPath   = addressed(picture, "svg")
)

// Icon is the address of the picture that browsers show beside the title; they
// would ask for one anyway.
func (frame) Icon() string { return iconPath }

func concatenated(names ...string) []byte {
	var all bytes.Buffer
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			panic(err) // it is embedded
		}
		all.Write(text)
	}
	return all.Bytes()
}

func addressed(content []byte, kind string) string {
	sum := sha256.Sum256(content)
	return "/assets/console." + hex.EncodeToString(sum[:6]) + "." + kind
}

// Asset serves the style sheet, the script and the icon, if that is what is
// asked for. They hold nothing of anybody, and are for everybody: also for
// whoever reads why they are not let in.
func (c *Console) Asset(w http.ResponseWriter, r *http.Request) bool {
	h := w.Header()
	var content []byte
	switch r.URL.Path {
	case stylesPath:
		content = styles
		h.Set("Content-Type", "text/css; charset=utf-8")
	case scriptPath:
		content = script
		h.Set("Content-Type", "text/javascript; charset=utf-8")
	case iconPath:
		content = picture
		h.Set("Content-Type", "image/svg+xml")
	default:
		return false
	}
	h.Set("Cache-Control", "private, max-age=31536000, immutable")
	_, _ = w.Write(content)
	return true
}

// pages are the templates, by the name of their file: each has the layout, the
// parts that all share, and its own main.
var pages = parsed()

func parsed() map[string]*template.Template {
	shared := template.Must(template.New("shared").Funcs(helpers).ParseFS(files, "templates/shared/*.html"))
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	all := map[string]*template.Template{}
	for _, name := range names {
		own := template.Must(template.Must(shared.Clone()).ParseFS(files, name))
		all[strings.TrimSuffix(path.Base(name), ".html")] = own
	}
	return all
}
