package caddymodule

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"filippo.io/age"
)

// exportKeysFor says for whom the gateway encrypts its keys, and how what it
// encrypted goes into the file. A passphrase does not leave this process: the
// gateway encrypts for a key that is made for the purpose.
func (c *call) exportKeysFor() (recipients []string, unlock func([]byte) ([]byte, error), err error) {
	recipients, file := c.list("recipient"), c.text("passphrase-file")
	as := func(keys []byte) ([]byte, error) { return keys, nil }
	switch given := len(recipients) > 0 || file != ""; {
	case given && !c.flag("with-keys"):
		return nil, nil, usage("--recipient and --passphrase-file are for keys", "say --with-keys as well")
	case !given && c.flag("with-keys"):
		return nil, nil, usage("keys leave the gateway encrypted alone", "say for whom, with --recipient age1… or --passphrase-file")
	case len(recipients) > 0 && file != "":
		return nil, nil, usage("either --recipient or --passphrase-file is wanted", "")
	case file == "":
		return recipients, as, nil
	}
	passphrase, err := readPassphrase(file)
	if err != nil {
		return nil, nil, err
	}
	between, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, nil, failed("making a key: "+err.Error(), "")
	}
	return []string{between.Recipient().String()}, func(keys []byte) ([]byte, error) {
		opened, err := decrypted(keys, between)
		if err != nil {
			return nil, failed("the keys cannot be read: "+err.Error(), "")
		}
		recipient, err := age.NewScryptRecipient(passphrase)
		if err != nil {
			return nil, failed("the passphrase: "+err.Error(), "")
		}
		var sealed bytes.Buffer
		w, err := age.Encrypt(&sealed, recipient)
		if err == nil {
			_, err = w.Write(opened)
			err = errors.Join(err, w.Close())
		}
		if err != nil {
			return nil, failed("encrypting the keys: "+err.Error(), "")
		}
		return sealed.Bytes(), nil
	}, nil
}

// decryptKeys reads the keys of an export.
func (c *call) decryptKeys(sealed []byte) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, failed("the export has no keys", "it was made without --with-keys")
	}
	var identities []age.Identity
	if name := c.text("identity"); name != "" {
		file, err := os.Open(name)
		if err != nil {
			return nil, failed("reading the identity: "+err.Error(), "")
		}
		defer file.Close()
		if identities, err = age.ParseIdentities(file); err != nil {
			return nil, failed(fmt.Sprintf("%s holds no age identity", name), "such as age-keygen writes")
		}
	} else {
		passphrase, err := readPassphrase(c.text("passphrase-file"))
		if err != nil {
			return nil, err
		}
		identity, err := age.NewScryptIdentity(passphrase)
		if err != nil {
			return nil, failed("the passphrase: "+err.Error(), "")
		}
		identities = []age.Identity{identity}
	}
	opened, err := decrypted(sealed, identities...)
	if err != nil {
		return nil, failed("the keys of the export cannot be decrypted", "they were encrypted for somebody else, or with another passphrase")
	}
	return opened, nil
}

func decrypted(sealed []byte, identities ...age.Identity) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(sealed), identities...)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func readPassphrase(name string) (string, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return "", failed("reading the passphrase: "+err.Error(), "")
	}
	passphrase := strings.TrimRight(string(text), "\r\n")
	if len(passphrase) < 12 {
		return "", failed("the passphrase has fewer than 12 characters", "openssl rand -base64 24")
	}
	return passphrase, nil
}
