package hardening

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// collector is what traces are sent to (OTLP over HTTP). It keeps the messages
// as they came: their texts stand in them as they are.
type collector struct {
	server *httptest.Server
	mutex  sync.Mutex
	text   strings.Builder
}

// collectTraces has every gateway that the test starts send its traces here.
func collectTraces(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	c.server = httptest.NewServer(http.HandlerFunc(c.collect))
	t.Cleanup(c.server.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.server.URL)
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "50") // milliseconds
	return c
}

func (c *collector) collect(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = unzipped
	}
	text, err := io.ReadAll(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.text.Write(text)
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// Text is everything that was collected.
func (c *collector) Text() string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.text.String()
}
