package managementapi

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"strings"
)

// documentPath is where the API says what it offers.
const documentPath = Prefix + "openapi.json"

// document is the OpenAPI description. The test of the package writes it, from
// the operations and from the comments of their types.
//
//go:embed openapi.json
var document string

// documentTag changes with the document.
var documentTag = func() string {
	sum := sha256.Sum256([]byte(document))
	return `"` + hex.EncodeToString(sum[:8]) + `"`
}()

func serveDocument(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	secure(h)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", documentTag)
	if r.Header.Get("If-None-Match") == documentTag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", "application/json")
	_, _ = strings.NewReader(document).WriteTo(w)
}
