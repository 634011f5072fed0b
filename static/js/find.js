// What is not chosen does not stand in the address.
document.addEventListener("formdata", ({ target, formData }) => {
  if (target.id !== "find") return;
  for (const [name, value] of [...formData]) if (!value) formData.delete(name);
});
