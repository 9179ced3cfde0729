package application

import (
	"encoding/base32"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	customSchemePrefix = "adbe."
	customSchemeLength = 22
)

// NewCustomScheme makes the scheme for the final redirect of a mobile app. It
// has the published form, a prefix and 22 characters of the base64url
// alphabet, but draws them from the lower-case letters and digits alone (110
// random bits): RFC 3986 section 3.1 knows no underscore, browsers write a
// scheme in lower case before they pass it on, and Android then compares it
// with regard to case.
func NewCustomScheme(random io.Reader) (string, error) {
	raw := make([]byte, (customSchemeLength*5+7)/8)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", fmt.Errorf("making a custom scheme: %w", err)
	}
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw)
	return customSchemePrefix + strings.ToLower(text[:customSchemeLength]), nil
}

// hasCustomScheme compares without regard to case, as RFC 3986 section 3.1
// says, and the whole scheme: one that merely begins alike is another app's.
func (a *Application) hasCustomScheme(scheme string) bool {
	return slices.ContainsFunc(a.CustomSchemes, func(own string) bool {
		return ValidCustomScheme(own) && strings.EqualFold(own, scheme)
	})
}

// ValidCustomScheme follows RFC 3986 section 3.1, and lets in the underscore
// of the base64url alphabet because schemes that others generated have it. The
// period that RFC 8252 section 8.4 asks for keeps javascript, data, file and
// every other scheme with a meaning of its own out.
func ValidCustomScheme(scheme string) bool {
	if len(scheme) > maxID || !strings.Contains(scheme, ".") || !isAlpha(scheme[0]) {
		return false
	}
	for _, c := range []byte(scheme) {
		if !isAlphanumeric(c) && strings.IndexByte("+-._", c) < 0 {
			return false
		}
	}
	return true
}
