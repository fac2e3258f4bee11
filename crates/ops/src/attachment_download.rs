//! A file of an incident is fetched: in an archive under the field's usual password, or as it is. Each is on record.

use archive::Protected;
use model::attachment::{Attachment, AttachmentState};
use model::role::Permission;
use model::{AttachmentId, Context, IncidentId};
use serde_json::json;

use crate::error::{Error, Result};
use crate::{Ops, audit};

/// What samples are passed on with, so that nothing opens them by accident.
const PASSWORD: &[u8] = b"infected";

/// How a file is handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttachmentForm {
    /// In a ZIP archive with the password `infected`.
    Zip,
    /// As it is.
    Plain,
}

impl std::str::FromStr for AttachmentForm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "zip" => Ok(AttachmentForm::Zip),
            "plain" => Ok(AttachmentForm::Plain),
            _ => Err("must be zip or plain".to_owned()),
        }
    }
}

/// A file on its way out, read part by part.
pub struct AttachmentContent {
    ops: Ops,
    ctx: Context,
    attachment: Attachment,
    wrapped: Option<Protected>,
    at: At,
}

/// What comes next.
enum At {
    Head,
    Part(i64),
    Tail,
    End,
}

impl Ops {
    /// Opens a file of an incident for reading, and puts on record that it was handed out.
    pub async fn open_attachment(
        &self,
        ctx: &Context,
        incident: &IncidentId,
        id: &AttachmentId,
        form: AttachmentForm,
    ) -> Result<AttachmentContent> {
        ctx.require(Permission::IncidentWork)?;
        let mut tx = self.store().write(ctx).await?;
        let attachment = tx.get_attachment(incident, id).await?;
        if attachment.state != AttachmentState::Kept {
            return Err(Error::NotNow("its content was removed".to_owned()));
        }
        let wrapped = match form {
            AttachmentForm::Plain => None,
            AttachmentForm::Zip => Some(protected(&attachment)?),
        };
        let detail = json!({
            "incident": incident, "name": attachment.name, "sha256": attachment.sha256,
            "form": if wrapped.is_some() { "zip" } else { "plain" },
        });
        tx.audit(audit(Some(&attachment.customer), "attachment.download", id, detail)).await?;
        tx.commit().await?;
        let (ops, ctx) = (self.clone(), ctx.clone());
        Ok(AttachmentContent { ops, ctx, attachment, wrapped, at: At::Head })
    }
}

impl AttachmentContent {
    /// What the file is called on its way.
    pub fn file_name(&self) -> String {
        match &self.wrapped {
            Some(_) => format!("{}.zip", self.attachment.name),
            None => self.attachment.name.clone(),
        }
    }

    /// Bytes in all.
    pub fn length(&self) -> u64 {
        self.wrapped.as_ref().map_or(self.attachment.size.unsigned_abs(), Protected::length)
    }

    /// The next bytes; nothing behind the last.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        loop {
            match self.at {
                At::Head => {
                    self.at = At::Part(0);
                    if let Some(wrapped) = &self.wrapped {
                        return Ok(Some(wrapped.head()));
                    }
                }
                At::Part(number) => {
                    let mut tx = self.ops.store().read(&self.ctx).await?;
                    let Some(mut bytes) = tx.attachment_part(&self.attachment.id, number).await? else {
                        self.at = At::Tail;
                        continue;
                    };
                    self.at = At::Part(number + 1);
                    if let Some(wrapped) = &mut self.wrapped {
                        wrapped.part(&mut bytes);
                    }
                    return Ok(Some(bytes));
                }
                At::Tail => {
                    self.at = At::End;
                    if let Some(wrapped) = &self.wrapped {
                        return Ok(Some(wrapped.tail()));
                    }
                }
                At::End => return Ok(None),
            }
        }
    }
}

fn protected(of: &Attachment) -> Result<Protected> {
    let mut random = [0; 11];
    getrandom::fill(&mut random).map_err(|_| Error::Unavailable("the operating system gives no randomness"))?;
    let size = u32::try_from(of.size).map_err(|_| Error::TooLarge("it does not fit into an archive".to_owned()))?;
    Protected::new(&of.name, size, of.crc32, PASSWORD, random)
        .ok_or_else(|| Error::TooLarge("its name does not fit into an archive".to_owned()))
}
