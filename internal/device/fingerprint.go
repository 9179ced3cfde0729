package device

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"strings"
)

// passing are the members of X-Device-Info that tell of a connection and not
// of a device: they differ between two tries of one.
var passing = []string{"connectionIp", "connectionPort", "connectionSecure", "connectionType"}

// Fingerprint is the same for two requests in which a device describes itself
// alike, whatever the order of members, the alphabet or the white space. It is
// false where nothing is described. Devices of one make and system describe
// themselves alike, so it is no identity.
func Fingerprint(header, userAgent string) ([sha256.Size]byte, bool) {
	header = strings.TrimSpace(header)
	if header == "" && userAgent == "" {
		return [sha256.Size]byte{}, false
	}
	if canonical, ok := canonical(header); ok {
		header = canonical
	}
	sum := sha256.New()
	for _, text := range []string{header, userAgent} {
		part := sha256.Sum256([]byte(text))
		sum.Write(part[:])
	}
	return [sha256.Size]byte(sum.Sum(nil)), true
}

// canonical writes a readable description in one form.
func canonical(header string) (string, bool) {
	raw, ok := unpack(header)
	if !ok {
		return "", false
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var members map[string]any
	if decoder.Decode(&members) != nil || members == nil {
		return "", false
	}
	for _, name := range passing {
		delete(members, name)
	}
	text, err := json.Marshal(members) // in the order of the names
	return string(text), err == nil
}
