package source

import (
	"strings"

	"cloud.google.com/go/storage"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"gocloud.dev/blob"
	_ "gocloud.dev/blob/azureblob" // azblob://
	_ "gocloud.dev/blob/gcsblob"   // gs://
	_ "gocloud.dev/blob/s3blob"    // s3://
)

// schemes are the addresses of buckets that are understood, with where their credentials come from.
var schemes = map[string]string{
	"s3":     "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or the machine's role",
	"gs":     "GOOGLE_APPLICATION_CREDENTIALS, or the machine's service account",
	"azblob": "AZURE_STORAGE_ACCOUNT with AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, or the machine's managed identity",
}

// etag is an object's entity tag as its server lists it; "" where the driver has none.
func etag(o *blob.ListObject) string {
	var s3 types.Object
	if o.As(&s3) && s3.ETag != nil {
		return strings.Trim(*s3.ETag, `"`)
	}
	var gs storage.ObjectAttrs
	if o.As(&gs) {
		return gs.Etag
	}
	var az container.BlobItem
	if o.As(&az) && az.Properties != nil && az.Properties.ETag != nil {
		return strings.Trim(string(*az.Properties.ETag), `"`)
	}
	return ""
}
